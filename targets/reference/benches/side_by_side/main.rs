//! The reference stack beside smoltcp, the embedded stack of the Rust world, in one run: segments handled, octets
//! carried between two stacks through memory, connections opened and closed.
//!
//! Both have an MTU of 1500, buffers of 256 KiB, window scaling, timestamps, CUBIC, and verify and compute every
//! checksum; they send as many segments, of the same size, in every case. Text that was read is handed over in a vector of
//! its own, packets too: smoltcp writes zeros into those first, since its interface asks for memory to write into. The
//! reference stack uses SACK besides, which smoltcp receives but does not act upon.
//!
//! Segments and octets are those of connections that have been in use for a while. smoltcp's buffers have their full size from
//! the start, the reference stack's grow: neither is counted.
//!
//! CONTRIBUTING.md says how to count instructions instead of time.

mod host;
mod path;
mod recording;
mod reference;
mod smoltcp;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};

use crate::host::Host;
use crate::path::Path;
use crate::recording::Recording;

/// Octets that the segments of one recording carry.
const STREAM: usize = 1 << 20;

/// Octets of one bulk transfer.
const BULK: usize = 8 << 20;

fn main() {
    // The C library gives memory back to the system, and asks for it again, depending on what happens to lie at the end of the
    // heap; once it has freed a large piece it keeps all smaller ones.
    drop(black_box(vec![0_u8; 16 << 20]));
    divan::main();
}

/// A sender's work: acknowledgments come in, and each lets further data segments go out.
#[divan::bench(types = [reference::Reference, smoltcp::Smoltcp])]
fn pure_ack_in<H: Host>(bencher: Bencher<'_, '_>) {
    replay::<H>(bencher, &Recording::of_sending::<H>(STREAM));
}

/// A receiver's work: data comes in, in order, is read, and is acknowledged.
#[divan::bench(types = [reference::Reference, smoltcp::Smoltcp])]
fn data_in_order<H: Host>(bencher: Bencher<'_, '_>) {
    replay::<H>(bencher, &Recording::of_receiving::<H>(STREAM));
}

/// The same with every two segments swapped: half of the segments leave a gap, the others close it.
#[divan::bench(types = [reference::Reference, smoltcp::Smoltcp])]
fn data_out_of_order<H: Host>(bencher: Bencher<'_, '_>) {
    replay::<H>(bencher, &Recording::of_receiving::<H>(STREAM).swapped());
}

/// One stack sends to another of its kind.
#[divan::bench(types = [reference::Reference, smoltcp::Smoltcp])]
fn bulk<H: Host>(bencher: Bencher<'_, '_>) {
    bencher
        .counter(BytesCount::new(BULK))
        .with_inputs(Path::<H, H>::in_use)
        .bench_local_refs(|path| assert_eq!(path.carry(BULK), BULK));
}

/// A connection is opened, and closed from both ends.
#[divan::bench(types = [reference::Reference, smoltcp::Smoltcp])]
fn open_and_close<H: Host>(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(1_usize))
        .with_inputs(Path::<H, H>::new)
        .bench_local_refs(|path| {
            path.open();
            path.close();
        });
}

fn replay<H: Host>(bencher: Bencher<'_, '_>, recording: &Recording) {
    bencher
        .counter(ItemsCount::new(recording.segments()))
        .with_inputs(|| recording.begin::<H>())
        .bench_local_refs(|host| black_box(recording.replay(host)));
}
