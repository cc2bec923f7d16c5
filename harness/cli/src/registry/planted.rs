//! Targets with a known fault, for the tests that show that each fault is noticed.

use std::sync::Arc;
use std::time::Duration;

use halfopen_drill::TargetFactory;
use halfopen_reference_target::{PlantedBug, ReferenceTarget};
use halfopen_target::{Call, CallId, Capabilities, Event, Setup, Target, TargetError, Time};

/// What is wrong with a target.
#[derive(Clone, Copy)]
enum Fault {
    Bug(PlantedBug),
    Hangs,
    Panics,
}

struct Factory {
    capabilities: Capabilities,
    fault: Fault,
}

/// The target `reference+FAULT`.
pub(super) fn find(name: &str) -> Option<Arc<dyn TargetFactory>> {
    let fault = match name.strip_prefix("reference+")? {
        "hangs" => Fault::Hangs,
        "panics" => Fault::Panics,
        bug => Fault::Bug(
            PlantedBug::ALL
                .into_iter()
                .find(|known| hyphenated(&format!("{known:?}")) == bug)?,
        ),
    };
    let mut capabilities = ReferenceTarget::new().capabilities().clone();
    capabilities.name = name.to_owned();
    Some(Arc::new(Factory {
        capabilities,
        fault,
    }))
}

/// `AcceptsRstInWindow` as `accepts-rst-in-window`.
fn hyphenated(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

impl TargetFactory for Factory {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn create(&self) -> Result<Box<dyn Target>, TargetError> {
        let fault = self.fault;
        let inner = match fault {
            Fault::Bug(bug) => {
                ReferenceTarget::with_config(move |config| config.planted_bug = Some(bug))
            }
            Fault::Hangs | Fault::Panics => ReferenceTarget::new(),
        };
        Ok(Box::new(Faulty {
            capabilities: self.capabilities.clone(),
            inner,
            fault,
            injected: 0,
        }))
    }
}

struct Faulty {
    capabilities: Capabilities,
    inner: ReferenceTarget,
    fault: Fault,
    injected: usize,
}

impl Target for Faulty {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn reset(&mut self, setup: &Setup) -> Result<(), TargetError> {
        self.injected = 0;
        self.inner.reset(setup)
    }

    fn now(&self) -> Time {
        self.inner.now()
    }

    fn inject(&mut self, packet: &[u8]) -> Result<(), TargetError> {
        self.injected += 1;
        match self.fault {
            Fault::Panics if self.injected == 2 => panic!("index out of bounds in the stack"),
            Fault::Hangs if self.injected == 2 => loop {
                std::thread::sleep(Duration::from_secs(3600));
            },
            _ => self.inner.inject(packet),
        }
    }

    fn call(&mut self, call: Call) -> Result<CallId, TargetError> {
        self.inner.call(call)
    }

    fn next_event(&mut self, until: Time) -> Result<Option<Event>, TargetError> {
        self.inner.next_event(until)
    }
}
