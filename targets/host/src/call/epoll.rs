//! `epoll_create`, `epoll_ctl`, `epoll_wait`.

use std::collections::BTreeMap;

use halfopen_target::posix::SOCK_CLOEXEC;
use halfopen_target::{Descriptor, Duration, EpollEvent, Errno, Output, Returned};

use super::{Operation, Patience, Reply, Started};
use crate::InProcessStack;
use crate::epoll::{Epoll, Watched};
use crate::file::{File, FileId, FileKind};
use crate::host::Host;
use crate::table::Object;

const EPOLL_CLOEXEC: i32 = SOCK_CLOEXEC;
const EPOLL_CTL_ADD: i32 = 1;
const EPOLL_CTL_DEL: i32 = 2;
const EPOLL_CTL_MOD: i32 = 3;
/// How deep epoll instances may watch each other.
const DEEPEST: usize = 5;

impl<S: InProcessStack> Host<S> {
    pub(super) fn epoll_create(&mut self, flags: i32) -> Reply {
        if flags & !EPOLL_CLOEXEC != 0 {
            return Err(Errno::EINVAL);
        }
        let file = File::new(FileKind::Epoll(Epoll::default()), false);
        let fd = self.table.open_file(file, flags & EPOLL_CLOEXEC != 0)?;
        Ok(Returned::value(i64::from(fd)))
    }

    pub(super) fn epoll_control(
        &mut self,
        epoll: Descriptor,
        operation: i32,
        fd: Descriptor,
        event: EpollEvent,
    ) -> Reply {
        let instance = self.table.object(epoll)?;
        let object = self.table.object(fd)?;
        let Object::File(id) = instance else {
            return Err(Errno::EINVAL);
        };
        if let Object::File(file) = object
            && matches!(self.table.file(file)?.kind, FileKind::Regular(_))
        {
            return Err(Errno::EPERM);
        }
        if object == instance {
            return Err(Errno::EINVAL);
        }
        let what = (fd.0, object);
        match operation {
            EPOLL_CTL_ADD => {
                self.check_nesting(instance, object, 1)?;
                self.epoll_mut(id)?.add(what, event)?;
                self.enlist_if_ready(id, what)?;
            }
            EPOLL_CTL_MOD => {
                self.epoll_mut(id)?.modify(what, event)?;
                self.enlist_if_ready(id, what)?;
            }
            EPOLL_CTL_DEL => self.epoll_mut(id)?.delete(what)?,
            _ => return Err(Errno::EINVAL),
        }
        Ok(Returned::value(0))
    }

    /// Whether `inner` may be watched by `outer`: neither in a circle nor too deep.
    fn check_nesting(&self, outer: Object, inner: Object, depth: usize) -> Result<(), Errno> {
        let Some(epoll) = self.as_epoll(inner) else {
            return Ok(());
        };
        if inner == outer || depth >= DEEPEST {
            return Err(Errno::ELOOP);
        }
        epoll
            .objects()
            .try_for_each(|object| self.check_nesting(outer, object, depth + 1))
    }

    /// What is ready when someone begins to watch it is told like what happens later.
    fn enlist_if_ready(&mut self, id: FileId, what: Watched) -> Result<(), Errno> {
        if let Object::Socket(socket) = what.1 {
            self.look(socket);
        }
        let mask = self.mask_of(what.1);
        let epoll = self.epoll_mut(id)?;
        if epoll.wanted(what, mask) != 0 {
            epoll.enlist(what);
            self.wake(Object::File(id), crate::epoll::EPOLLIN);
        }
        Ok(())
    }

    pub(super) fn start_epoll_wait(
        &mut self,
        epoll: Descriptor,
        room: i32,
        timeout: i32,
    ) -> Started {
        let room = usize::try_from(room).ok().filter(|room| *room > 0);
        let room = room.ok_or(Errno::EINVAL)?;
        let Object::File(epoll) = self.table.object(epoll)? else {
            return Err(Errno::EINVAL.into());
        };
        self.epoll_mut(epoll)?;
        let patience = match u64::try_from(timeout) {
            Ok(0) => Patience::None,
            Ok(millis) => Patience::For(Duration::from_millis(millis)),
            Err(_) => Patience::Forever,
        };
        self.begin(Operation::EpollWait { epoll, room }, patience)
    }

    pub(super) fn attempt_epoll_wait(&mut self, id: FileId, room: usize) -> Option<Reply> {
        let masks = match self.candidate_masks(id) {
            Ok(masks) => masks,
            Err(errno) => return Some(Err(errno)),
        };
        let events = self.epoll_mut(id).ok()?.take(room, &masks);
        (!events.is_empty()).then(|| Ok(reply(events)))
    }

    /// What everything on the list of an instance is ready for.
    fn candidate_masks(&mut self, id: FileId) -> Result<BTreeMap<Object, u32>, Errno> {
        let candidates = self.epoll_mut(id)?.candidates();
        let objects = candidates.into_iter().map(|(_, object)| object);
        Ok(objects
            .map(|object| (object, self.mask_of(object)))
            .collect())
    }

    /// Whether `epoll_wait` on an instance would find something.
    pub(super) fn epoll_is_ready(&mut self, id: FileId) -> bool {
        let Ok(candidates) = self.epoll_mut(id).map(|epoll| epoll.candidates()) else {
            return false;
        };
        candidates.into_iter().any(|what| {
            let mask = self.mask_of(what.1);
            self.epoll_mut(id)
                .is_ok_and(|epoll| epoll.wanted(what, mask) != 0)
        })
    }

    fn mask_of(&mut self, object: Object) -> u32 {
        u32::from(self.ready(object).cast_unsigned())
    }

    fn as_epoll(&self, object: Object) -> Option<&Epoll> {
        let Object::File(id) = object else {
            return None;
        };
        match &self.table.file(id).ok()?.kind {
            FileKind::Epoll(epoll) => Some(epoll),
            _ => None,
        }
    }

    fn epoll_mut(&mut self, id: FileId) -> Result<&mut Epoll, Errno> {
        match &mut self.table.file_mut(id)?.kind {
            FileKind::Epoll(epoll) => Ok(epoll),
            _ => Err(Errno::EINVAL),
        }
    }
}

/// How `epoll_wait` ends with these events.
pub(super) fn reply(events: Vec<EpollEvent>) -> Returned {
    Returned {
        outputs: vec![Output::Epoll(events.clone())],
        ..Returned::value(i64::try_from(events.len()).unwrap_or(i64::MAX))
    }
}
