//! An epoll instance: what it watches, and what of that may be ready.
//!
//! As in Linux, an object that something happened to gets onto a list; `epoll_wait` takes it off, asks it what it is ready
//! for, and tells that. What triggers by level goes back to the list, what triggers by edge waits until something happens
//! again: the event itself, and not what was read or written since, decides.

use std::collections::{BTreeMap, VecDeque};

use halfopen_target::{EpollEvent, Errno};

use crate::table::Object;

pub(crate) const EPOLLIN: u32 = 0x1;
pub(crate) const EPOLLPRI: u32 = 0x2;
pub(crate) const EPOLLOUT: u32 = 0x4;
pub(crate) const EPOLLERR: u32 = 0x8;
pub(crate) const EPOLLHUP: u32 = 0x10;
pub(crate) const EPOLLRDNORM: u32 = 0x40;
pub(crate) const EPOLLRDBAND: u32 = 0x80;
pub(crate) const EPOLLWRNORM: u32 = 0x100;
pub(crate) const EPOLLWRBAND: u32 = 0x200;
const EPOLLEXCLUSIVE: u32 = 1 << 28;
const EPOLLWAKEUP: u32 = 1 << 29;
const EPOLLONESHOT: u32 = 1 << 30;
const EPOLLET: u32 = 1 << 31;

/// What happened may be anything, such as a change of state.
pub(crate) const ANYTHING: u32 = 0;
/// How it is told, and not what.
const PRIVATE: u32 = EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE;
/// All that may be asked for together with EPOLLEXCLUSIVE.
const WITH_EXCLUSIVE: u32 = EPOLLIN
    | EPOLLOUT
    | EPOLLRDNORM
    | EPOLLWRNORM
    | EPOLLERR
    | EPOLLHUP
    | EPOLLWAKEUP
    | EPOLLET
    | EPOLLEXCLUSIVE;

/// A descriptor as it was added: the same object may be watched through several.
pub(crate) type Watched = (i32, Object);

/// What is wanted of one watched descriptor.
#[derive(Clone, Copy, Debug)]
struct Interest {
    events: u32,
    data: u64,
}

impl Interest {
    /// Whether it wants to know of what happened.
    const fn cares(self, happened: u32) -> bool {
        let wanted = self.events & !PRIVATE;
        wanted != 0 && (happened == ANYTHING || happened & wanted != 0)
    }
}

/// One epoll instance.
#[derive(Debug, Default)]
pub(crate) struct Epoll {
    interests: BTreeMap<Watched, Interest>,
    /// What something happened to, in that order.
    ready: VecDeque<Watched>,
}

impl Epoll {
    pub(crate) fn add(&mut self, what: Watched, event: EpollEvent) -> Result<(), Errno> {
        let exclusive = event.events & EPOLLEXCLUSIVE != 0;
        if exclusive && event.events & !WITH_EXCLUSIVE != 0 {
            return Err(Errno::EINVAL);
        }
        if self.interests.contains_key(&what) {
            return Err(Errno::EEXIST);
        }
        self.interests.insert(what, interest(event));
        Ok(())
    }

    pub(crate) fn modify(&mut self, what: Watched, event: EpollEvent) -> Result<(), Errno> {
        if event.events & EPOLLEXCLUSIVE != 0 {
            return Err(Errno::EINVAL);
        }
        let known = self.interests.get_mut(&what).ok_or(Errno::ENOENT)?;
        if known.events & EPOLLEXCLUSIVE != 0 {
            return Err(Errno::EINVAL);
        }
        *known = interest(event);
        Ok(())
    }

    pub(crate) fn delete(&mut self, what: Watched) -> Result<(), Errno> {
        self.interests.remove(&what).ok_or(Errno::ENOENT)?;
        self.ready.retain(|ready| *ready != what);
        Ok(())
    }

    /// The object is no more.
    pub(crate) fn forget(&mut self, object: Object) {
        self.interests.retain(|(_, watched), _| *watched != object);
        self.ready.retain(|(_, ready)| *ready != object);
    }

    /// What it watches.
    pub(crate) fn objects(&self) -> impl Iterator<Item = Object> {
        self.interests.keys().map(|(_, object)| *object)
    }

    /// What may be ready.
    pub(crate) fn candidates(&self) -> Vec<Watched> {
        self.ready.iter().copied().collect()
    }

    /// Puts something on the list that is ready already.
    pub(crate) fn enlist(&mut self, what: Watched) {
        if !self.ready.contains(&what) {
            self.ready.push_back(what);
        }
    }

    /// Something happened to an object. With `exclusively`, only those interests count that share it with no one else,
    /// or else only the others; whether any took it.
    pub(crate) fn happened(&mut self, object: Object, what: u32, exclusively: bool) -> bool {
        let concerned: Vec<Watched> = self
            .interests
            .iter()
            .filter(|((_, watched), interest)| {
                let is_exclusive = interest.events & EPOLLEXCLUSIVE != 0;
                *watched == object && is_exclusive == exclusively && interest.cares(what)
            })
            .map(|(watched, _)| *watched)
            .collect();
        for watched in &concerned {
            self.enlist(*watched);
        }
        !concerned.is_empty()
    }

    /// Of what an object is ready for, what is wanted of it.
    pub(crate) fn wanted(&self, what: Watched, mask: u32) -> u32 {
        let interest = self.interests.get(&what);
        interest.map_or(0, |interest| mask & interest.events & !PRIVATE)
    }

    /// Takes what is ready off the list, `most` of it, each with what it is ready for; `mask_of` knows that.
    pub(crate) fn take(&mut self, most: usize, masks: &BTreeMap<Object, u32>) -> Vec<EpollEvent> {
        let mut taken = Vec::new();
        let mut level = Vec::new();
        while taken.len() < most
            && let Some(what) = self.ready.pop_front()
        {
            let mask = masks.get(&what.1).copied().unwrap_or(0);
            let events = self.wanted(what, mask);
            let Some(interest) = self.interests.get_mut(&what).filter(|_| events != 0) else {
                continue;
            };
            taken.push(EpollEvent {
                events,
                data: interest.data,
            });
            if interest.events & EPOLLONESHOT != 0 {
                interest.events &= PRIVATE;
            } else if interest.events & EPOLLET == 0 {
                level.push(what);
            }
        }
        self.ready.extend(level);
        taken
    }
}

/// Errors and hang-ups are told unasked.
const fn interest(event: EpollEvent) -> Interest {
    Interest {
        events: event.events | EPOLLERR | EPOLLHUP,
        data: event.data,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket::SocketId;

    const SOCKET: Object = Object::Socket(SocketId(1));
    const WATCHED: Watched = (4, SOCKET);

    fn event(events: u32) -> EpollEvent {
        EpollEvent { events, data: 4 }
    }

    fn watching(events: u32) -> Epoll {
        let mut epoll = Epoll::default();
        epoll.add(WATCHED, event(events)).expect("it is new");
        epoll
    }

    fn take(epoll: &mut Epoll, mask: u32) -> Vec<u32> {
        let masks = BTreeMap::from([(SOCKET, mask)]);
        let taken = epoll.take(1, &masks);
        taken.iter().map(|event| event.events).collect()
    }

    #[test]
    fn a_level_is_told_as_long_as_it_lasts() {
        let mut epoll = watching(EPOLLIN);
        epoll.happened(SOCKET, EPOLLIN, false);
        assert_eq!(take(&mut epoll, EPOLLIN | EPOLLOUT), [EPOLLIN]);
        assert_eq!(take(&mut epoll, EPOLLIN), [EPOLLIN]);
        assert_eq!(take(&mut epoll, EPOLLOUT), [0; 0]);
        assert_eq!(take(&mut epoll, EPOLLIN), [0; 0], "nothing happened since");
    }

    #[test]
    fn an_edge_is_told_once_whatever_else_is_ready() {
        let mut epoll = watching(EPOLLIN | EPOLLOUT | EPOLLET);
        epoll.happened(SOCKET, EPOLLIN, false);
        let both = EPOLLIN | EPOLLOUT;
        assert_eq!(take(&mut epoll, both), [both]);
        assert_eq!(take(&mut epoll, both), [0; 0]);
        epoll.happened(SOCKET, EPOLLERR, false);
        assert_eq!(take(&mut epoll, both | EPOLLERR), [both | EPOLLERR]);
    }

    #[test]
    fn a_one_shot_is_silent_until_it_is_armed_again() {
        let mut epoll = watching(EPOLLOUT | EPOLLONESHOT);
        epoll.happened(SOCKET, ANYTHING, false);
        assert_eq!(take(&mut epoll, EPOLLOUT), [EPOLLOUT]);
        epoll.happened(SOCKET, EPOLLERR, false);
        assert_eq!(take(&mut epoll, EPOLLOUT | EPOLLERR), [0; 0]);
        let armed = epoll.modify(WATCHED, event(EPOLLOUT | EPOLLONESHOT));
        assert_eq!(armed, Ok(()));
        epoll.enlist(WATCHED);
        assert_eq!(take(&mut epoll, EPOLLERR), [EPOLLERR]);
    }

    #[test]
    fn what_is_exclusive_cannot_be_changed_and_goes_with_no_one_shot() {
        let mut epoll = Epoll::default();
        let both = event(EPOLLEXCLUSIVE | EPOLLONESHOT);
        assert_eq!(epoll.add(WATCHED, both), Err(Errno::EINVAL));
        let exclusive = event(EPOLLEXCLUSIVE | EPOLLIN);
        assert_eq!(epoll.add(WATCHED, exclusive), Ok(()));
        assert_eq!(epoll.add(WATCHED, exclusive), Err(Errno::EEXIST));
        assert_eq!(epoll.modify(WATCHED, event(EPOLLIN)), Err(Errno::EINVAL));
        assert!(!epoll.happened(SOCKET, EPOLLIN, false));
        assert!(epoll.happened(SOCKET, EPOLLIN, true));
        assert_eq!(epoll.delete(WATCHED), Ok(()));
        assert_eq!(epoll.delete(WATCHED), Err(Errno::ENOENT));
    }
}
