//! The thread that asks the plug-in for packets, when it is told to.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use halfopen_target::Time;

use super::Message;
use crate::plugin::Plugin;

/// How long it pauses between two looks, in microseconds.
const PAUSE: i64 = 250;
/// Octets of the largest packet.
const LARGEST_PACKET: usize = 65_575;

enum Order {
    /// Take what there is.
    Look(u64),
    /// Take what comes until this microsecond of the plug-in's clock.
    Watch(u64, i64),
}

pub(super) struct Sniffer {
    orders: Sender<Order>,
    count: u64,
}

impl Sniffer {
    pub(super) fn start(plugin: Arc<Plugin>, outbox: Sender<Message>) -> io::Result<Self> {
        let (orders, received) = channel();
        thread::Builder::new()
            .name("packets".to_owned())
            .spawn(move || sniff(&plugin, &outbox, &received))?;
        Ok(Self { orders, count: 0 })
    }

    /// Tells it to take what there is; gives the order's number.
    pub(super) fn look(&mut self) -> u64 {
        self.count += 1;
        // It lives as long as the process.
        let _ = self.orders.send(Order::Look(self.count));
        self.count
    }

    /// Tells it to take what comes until then; gives the order's number.
    pub(super) fn watch(&mut self, origin: i64, until: Time) -> u64 {
        self.count += 1;
        let until = origin.saturating_add_unsigned(until.as_micros());
        let _ = self.orders.send(Order::Watch(self.count, until));
        self.count
    }
}

/// Follows orders; a new one takes the place of the one before.
fn sniff(plugin: &Plugin, outbox: &Sender<Message>, orders: &Receiver<Order>) {
    let mut room = vec![0; LARGEST_PACKET];
    while let Ok(mut order) = orders.recv() {
        loop {
            while let Some((length, at)) = plugin.receive(&mut room) {
                // A plug-in that does not say when tells it now.
                let at = if at > 0 { at } else { plugin.now() };
                let packet = room[..length].to_vec();
                if outbox.send(Message::Packet(at, packet)).is_err() {
                    return;
                }
            }
            let number = match order {
                Order::Look(number) => Some(number),
                Order::Watch(number, until) => {
                    let left = until.saturating_sub(plugin.now());
                    if left > 0 {
                        plugin.pause(left.min(PAUSE) as u32);
                        None
                    } else {
                        Some(number)
                    }
                }
            };
            if let Some(number) = number {
                let _ = outbox.send(Message::NoMore(number));
                break;
            }
            if let Ok(next) = orders.try_recv() {
                order = next;
            }
        }
    }
}
