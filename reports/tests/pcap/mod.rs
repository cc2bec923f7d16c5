//! Captures, read back.

use std::fs;
use std::path::{Path, PathBuf};

use halfopen_drill::{Outcome, Standing};
use halfopen_reports::Pcap;
use halfopen_target::AddressMode;
use halfopen_wire::Packet;
use pcap_file::DataLink;
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketOption;
use pcap_file::pcapng::blocks::interface_description::InterfaceDescriptionOption;
use pcap_file::pcapng::blocks::section_header::SectionHeaderOption;
use pcap_file::pcapng::{Block, PcapNgReader};

use crate::common::{outcome, outcomes, play, wrong_ack};

/// Every file below a folder, by its path in there.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(below) = folders.pop() {
        for entry in fs::read_dir(below).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).expect("below").to_path_buf());
            }
        }
    }
    found.sort();
    found
}

fn captures(outcomes: Vec<Outcome>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut pcap = Pcap::create(&folder.path().join("captures")).expect("it can be made");
    play(outcomes, &mut pcap);
    folder
}

/// What is in a capture: the comment of the section, the interface, and the packets.
fn read(path: &Path) -> Vec<String> {
    let file = fs::File::open(path).expect("the capture");
    let mut reader = PcapNgReader::new(file).expect("it begins with a section");
    let mut lines: Vec<_> = reader
        .section()
        .options
        .iter()
        .filter_map(|option| match option {
            SectionHeaderOption::Comment(text) => Some(format!("section: {text}")),
            _ => None,
        })
        .collect();
    while let Some(block) = reader.next_block() {
        match block.expect("the block is sound") {
            Block::InterfaceDescription(interface) => {
                assert_eq!(interface.linktype, DataLink::RAW);
                for option in &interface.options {
                    match option {
                        InterfaceDescriptionOption::IfName(name) => {
                            lines.push(format!("interface: {name}"));
                        }
                        InterfaceDescriptionOption::IfTsResol(unit) => assert_eq!(*unit, 9),
                        _ => {}
                    }
                }
            }
            Block::EnhancedPacket(packet) => {
                let parsed = Packet::parse(&packet.data).expect("an IP packet");
                let segment = parsed.segment().expect("a segment");
                let mut line = format!("{:?} {}", packet.timestamp, segment.flags);
                for option in &packet.options {
                    match option {
                        EnhancedPacketOption::Flags(1) => line.push_str(" inbound"),
                        EnhancedPacketOption::Flags(2) => line.push_str(" outbound"),
                        EnhancedPacketOption::Comment(text) => line.push_str(&format!(" [{text}]")),
                        other => panic!("{other:?}"),
                    }
                }
                lines.push(line);
            }
            other => panic!("{other:?}"),
        }
    }
    lines
}

#[test]
fn a_capture_has_the_segments_of_both_directions_and_the_verdict() {
    let failing = outcome(
        "a.pkt",
        "reference",
        AddressMode::V4,
        Standing::Fail(wrong_ack()),
    );
    let folder = captures(vec![failing]);
    let path = folder.path().join("captures/a.reference.v4.pcapng");
    insta::assert_snapshot!(read(&path).join("\n"));
}

#[test]
fn each_drill_that_was_run_has_a_file_of_its_own() {
    let folder = captures(outcomes());
    let names: Vec<_> = files(folder.path())
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    assert_eq!(
        names,
        [
            "captures/suites/a.linux.v4.pcapng",
            "captures/suites/a.reference.v4.pcapng",
            "captures/suites/b#1.linux.v4.pcapng",
            "captures/suites/b#1.reference.v4.pcapng",
            "captures/suites/d.linux.v4.pcapng",
        ]
    );
}

#[test]
fn no_path_leads_out_of_the_folder_and_none_is_used_twice() {
    let of = |name: &str| outcome(name, "a/../b", AddressMode::V6, Standing::Pass);
    let folder = captures(vec![
        of("../x.pkt"),
        of("/x.pkt"),
        of("x.pkt"),
        of("up/x.pkt"),
    ]);
    let names: Vec<_> = files(folder.path())
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    assert_eq!(
        names,
        [
            "captures/up/x.a-..-b.v6-2.pcapng",
            "captures/up/x.a-..-b.v6.pcapng",
            "captures/x.a-..-b.v6-2.pcapng",
            "captures/x.a-..-b.v6.pcapng",
        ]
    );
}

#[test]
fn a_folder_that_cannot_be_made_is_found_out_before_anything_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "kept").expect("a file");
    for wrong in [file.clone(), file.join("below")] {
        let error = Pcap::create(&wrong).expect_err("a file is no folder");
        assert!(error.to_string().contains("choose another path"));
    }
    assert_eq!(fs::read_to_string(&file).expect("the file"), "kept");
}
