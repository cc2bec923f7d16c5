//! Rings of trace events (perf_event_open(2)), one for each processor, that are polled.
#![expect(unsafe_code, reason = "the rings are shared memory")]

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

/// Pages of data in a ring: hundreds of events of state changes.
const DATA_PAGES: usize = 16;

const PERF_TYPE_TRACEPOINT: u32 = 2;
const PERF_SAMPLE_TIME: u64 = 1 << 2;
const PERF_SAMPLE_RAW: u64 = 1 << 10;
const USE_CLOCKID: u64 = 1 << 25;
const RECORD_LOST: u32 = 2;
const RECORD_SAMPLE: u32 = 9;
/// Where the first page keeps the ring's head and tail (`struct perf_event_mmap_page`).
const HEAD: usize = 1024;
const TAIL: usize = 1032;

/// `struct perf_event_attr`, version 5 (112 octets).
#[repr(C)]
#[derive(Default)]
struct Attributes {
    kind: u32,
    size: u32,
    config: u64,
    sample_period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup_events: u32,
    bp_type: u32,
    config1: u64,
    config2: u64,
    branch_sample_type: u64,
    sample_regs_user: u64,
    sample_stack_user: u32,
    clockid: i32,
    sample_regs_intr: u64,
    aux_watermark: u32,
    sample_max_stack: u16,
    reserved: u16,
}

/// What a ring gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    /// An event: when (nanoseconds of CLOCK_MONOTONIC), and its octets.
    Sample(u64, Vec<u8>),
    /// Events were lost.
    Lost,
}

/// The ring of one processor.
#[derive(Debug)]
pub(crate) struct Ring {
    _event: OwnedFd,
    memory: NonNull<u8>,
    page: usize,
}

// SAFETY: the memory belongs to this ring alone on our side; the kernel's side is synchronized by head and tail.
unsafe impl Send for Ring {}

impl Ring {
    /// Opens the trace event with this number on one processor, for all processes.
    pub(crate) fn open(event: u64, processor: i32) -> io::Result<Self> {
        let attributes = Attributes {
            kind: PERF_TYPE_TRACEPOINT,
            size: size_of::<Attributes>() as u32,
            config: event,
            sample_period: 1,
            sample_type: PERF_SAMPLE_TIME | PERF_SAMPLE_RAW,
            flags: USE_CLOCKID,
            clockid: libc::CLOCK_MONOTONIC,
            ..Attributes::default()
        };
        let (everybody, no_group) = (-1, -1);
        // SAFETY: the attributes outlive the call and state their own size.
        let fd = unsafe {
            libc::syscall(
                libc::SYS_perf_event_open,
                &raw const attributes,
                everybody,
                processor,
                no_group,
                8 as libc::c_ulong,
            )
        };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        let fd = i32::try_from(fd).map_err(io::Error::other)?;
        // SAFETY: the kernel just gave this descriptor to us.
        let event = unsafe { OwnedFd::from_raw_fd(fd) };
        // SAFETY: takes an integer only.
        let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) })
            .map_err(io::Error::other)?;
        // SAFETY: a new mapping, whose place the kernel chooses.
        let memory = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                page * (1 + DATA_PAGES),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                event.as_raw_fd(),
                0,
            )
        };
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        match NonNull::new(memory.cast::<u8>()) {
            Some(memory) => Ok(Self {
                _event: event,
                memory,
                page,
            }),
            None => Err(io::Error::other("a ring at address zero")),
        }
    }

    fn word(&self, at: usize) -> &AtomicU64 {
        // SAFETY: head and tail are aligned words inside of the first page, which lives as long as the ring.
        unsafe { &*self.memory.as_ptr().add(at).cast::<AtomicU64>() }
    }

    /// Everything that came since the last time.
    pub(crate) fn read(&mut self) -> Vec<Record> {
        let head = self.word(HEAD).load(Ordering::Acquire);
        let tail = self.word(TAIL).load(Ordering::Relaxed);
        let size = self.page * DATA_PAGES;
        let length = usize::try_from(head.wrapping_sub(tail))
            .unwrap_or(0)
            .min(size);
        let mut octets = vec![0; length];
        for (offset, octet) in octets.iter_mut().enumerate() {
            let place = self.page + (tail as usize).wrapping_add(offset) % size;
            // SAFETY: the place is inside of the data pages, and the kernel has written it, since it is before head.
            *octet = unsafe { self.memory.as_ptr().add(place).read_volatile() };
        }
        self.word(TAIL).store(head, Ordering::Release);
        decode(&octets)
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        let length = self.page * (1 + DATA_PAGES);
        // SAFETY: this is the mapping that `open` made, and nothing points into it any more.
        unsafe { libc::munmap(self.memory.as_ptr().cast(), length) };
    }
}

/// The records in the octets of a ring. A record that is cut short ends them.
fn decode(mut octets: &[u8]) -> Vec<Record> {
    let mut records = Vec::new();
    while let Some((header, _)) = octets.split_at_checked(8) {
        let kind = u32::from_ne_bytes([header[0], header[1], header[2], header[3]]);
        let size = usize::from(u16::from_ne_bytes([header[6], header[7]]));
        let Some((record, rest)) = octets.split_at_checked(size.max(8)) else {
            break;
        };
        octets = rest;
        match kind {
            RECORD_LOST => records.push(Record::Lost),
            RECORD_SAMPLE => records.extend(sample(&record[8..])),
            _ => {}
        }
    }
    records
}

/// Time, length of the event, event.
fn sample(body: &[u8]) -> Option<Record> {
    let (time, rest) = body.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = u32::from_ne_bytes(*length) as usize;
    let event = rest.get(..length)?;
    Some(Record::Sample(u64::from_ne_bytes(*time), event.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u32, body: &[u8]) -> Vec<u8> {
        let size = u16::try_from(8 + body.len()).unwrap_or(0);
        [&kind.to_ne_bytes()[..], &[0, 0], &size.to_ne_bytes(), body].concat()
    }

    #[test]
    fn records_are_taken_apart() {
        let body = [&7u64.to_ne_bytes()[..], &4u32.to_ne_bytes(), &[1, 2, 3, 4]].concat();
        let octets = [
            record(RECORD_SAMPLE, &body),
            record(RECORD_LOST, &[0; 16]),
            record(99, &[0; 8]),
        ]
        .concat();
        let expected = [Record::Sample(7, vec![1, 2, 3, 4]), Record::Lost];
        assert_eq!(decode(&octets), expected);
        for length in 0..octets.len() {
            decode(&octets[..length]);
        }
    }

    #[test]
    fn the_attributes_have_the_size_of_their_version() {
        assert_eq!(size_of::<Attributes>(), 112);
    }
}
