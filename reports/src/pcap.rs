//! What went over the wire in each drill, as a pcapng file that Wireshark and tcpdump read.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use halfopen_drill::{Outcome, SessionEvent};
use halfopen_target::{Entry, EntryKind};
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::{DataLink, Endianness, PcapError};

use crate::Sink;
use crate::failure::in_one_line;
use crate::file::{OutputError, OutputFile, make_folder};

/// Times are in units of ten to the power of minus this: the unit in which the crate writes them.
const NANOSECONDS: u8 = 9;
/// The longest comment; an option of pcapng has its length in 16 bits.
const LONGEST_COMMENT: usize = 60_000;
/// The direction of a packet in its flags (pcapng, option `epb_flags`), seen from the interface of the stack.
const INBOUND: u32 = 1;
const OUTBOUND: u32 = 2;

/// The captures of a session, one file a drill.
#[derive(Debug)]
pub struct Pcap {
    folder: PathBuf,
    used: BTreeSet<PathBuf>,
}

impl Pcap {
    /// Captures in this folder, which is made where it is missing.
    ///
    /// # Errors
    /// When the folder cannot be made, or no file in it.
    pub fn create(folder: &Path) -> Result<Self, OutputError> {
        make_folder(folder)?;
        Ok(Self {
            folder: folder.to_path_buf(),
            used: BTreeSet::new(),
        })
    }

    fn write(&mut self, outcome: &Outcome) -> Result<(), OutputError> {
        // A drill that was not run has sent nothing.
        if outcome.trace.entries.is_empty() {
            return Ok(());
        }
        let path = self.path(outcome);
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
        }
        let mut file = OutputFile::create(&path)?;
        let octets = capture(outcome).map_err(|error| file.error(io::Error::other(error)))?;
        file.write_octets(&octets)?;
        file.finish()
    }

    /// A place of its own: the script's path, then the target and the address families.
    fn path(&mut self, outcome: &Outcome) -> PathBuf {
        let mut stem = self.folder.clone();
        for part in outcome.file.path.with_extension("").components() {
            match part {
                Component::Normal(name) => stem.push(name),
                // Nothing is written outside of the folder.
                Component::ParentDir => stem.push("up"),
                Component::Prefix(_) | Component::RootDir | Component::CurDir => {}
            }
        }
        let target: String = outcome
            .target
            .chars()
            .map(|letter| {
                if letter == '/' || letter == '\\' {
                    '-'
                } else {
                    letter
                }
            })
            .collect();
        let mut number = 1;
        loop {
            let mut path = stem.clone().into_os_string();
            path.push(format!(".{target}.{}", outcome.mode.name()));
            if number > 1 {
                path.push(format!("-{number}"));
            }
            path.push(".pcapng");
            let path = PathBuf::from(path);
            if self.used.insert(path.clone()) {
                return path;
            }
            number += 1;
        }
    }
}

impl Sink for Pcap {
    fn handle(&mut self, event: &SessionEvent) -> Result<(), OutputError> {
        match event {
            SessionEvent::Finished(outcome) => self.write(outcome),
            SessionEvent::Started { .. }
            | SessionEvent::Progress { .. }
            | SessionEvent::Ended { .. } => Ok(()),
        }
    }
}

/// The capture of one drill. Times count from 1970 on, as if each drill had begun then: in virtual time there is no other day,
/// and two runs give the same octets.
fn capture(outcome: &Outcome) -> Result<Vec<u8>, PcapError> {
    let header = SectionHeaderBlock {
        endianness: Endianness::Little,
        options: vec![
            SectionHeaderOption::Comment(comment(verdict(outcome)).into()),
            SectionHeaderOption::UserApplication("halfopen".into()),
        ],
        ..SectionHeaderBlock::default()
    };
    let mut writer = PcapNgWriter::with_section_header(Vec::new(), header)?;
    writer.write_pcapng_block(interface(outcome))?;
    let packets: Vec<_> = outcome.trace.entries.iter().filter_map(packet).collect();
    let last = packets.len().saturating_sub(1);
    for (index, (entry, octets, direction)) in packets.into_iter().enumerate() {
        let mut options = vec![EnhancedPacketOption::Flags(direction)];
        if let Some(line) = line(outcome, entry) {
            let place = format!("{}:{line}", outcome.file.name());
            options.push(EnhancedPacketOption::Comment(place.into()));
        }
        if index == last {
            let text = comment(verdict(outcome));
            options.push(EnhancedPacketOption::Comment(text.into()));
        }
        writer.write_pcapng_block(EnhancedPacketBlock {
            interface_id: 0,
            timestamp: Duration::from_micros(entry.at.as_micros()),
            original_len: u32::try_from(octets.len()).unwrap_or(u32::MAX),
            data: Cow::Borrowed(octets),
            options,
        })?;
    }
    Ok(writer.into_inner())
}

/// The stack's interface, which carries IP packets and nothing around them.
fn interface(outcome: &Outcome) -> InterfaceDescriptionBlock<'_> {
    let setup = &outcome.trace.setup;
    let description = format!(
        "{} at {}, the tester at {}",
        outcome.target, setup.local_ip, setup.remote_ip
    );
    InterfaceDescriptionBlock {
        linktype: DataLink::RAW,
        snaplen: 0,
        options: vec![
            InterfaceDescriptionOption::IfName(outcome.target.as_str().into()),
            InterfaceDescriptionOption::IfDescription(description.into()),
            InterfaceDescriptionOption::IfTsResol(NANOSECONDS),
        ],
    }
}

fn packet(entry: &Entry) -> Option<(&Entry, &[u8], u32)> {
    match &entry.kind {
        EntryKind::Inbound(octets) => Some((entry, octets, INBOUND)),
        EntryKind::Outbound(octets) => Some((entry, octets, OUTBOUND)),
        _ => None,
    }
}

/// The line of the script that a packet was paired with.
fn line(outcome: &Outcome, entry: &Entry) -> Option<usize> {
    let events = &outcome.file.script.events;
    Some(events.get(entry.script_event?)?.line)
}

/// What the drill came to.
fn verdict(outcome: &Outcome) -> String {
    let mut text = format!(
        "{} ({}) on {}: {}",
        outcome.file.name(),
        outcome.mode.name(),
        outcome.target,
        outcome.standing.name()
    );
    if let Some(failure) = outcome.standing.failure() {
        if let Some(line) = failure.line {
            text.push_str(&format!(", line {line}"));
        }
        text.push_str(&format!(
            "\n{}: {}",
            failure.kind_name(),
            in_one_line(failure)
        ));
    }
    text
}

fn comment(mut text: String) -> String {
    let mut end = LONGEST_COMMENT.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}
