//! Files and descriptors: `open`, `fcntl`, `ioctl`, `splice`.

use super::table;

table! {
    libc: [
        O_RDONLY, O_WRONLY, O_RDWR, O_ACCMODE, O_CREAT, O_EXCL, O_NOCTTY, O_TRUNC, O_APPEND,
        O_NONBLOCK, F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW,
        F_GETOWN, F_SETOWN, F_SETLEASE, F_GETLEASE, F_NOTIFY,
        F_DUPFD_CLOEXEC, FD_CLOEXEC, LOCK_SH, LOCK_EX, LOCK_NB, LOCK_UN, F_RDLCK, F_WRLCK,
        F_UNLCK, SEEK_SET, SEEK_CUR, SEEK_END, FIONREAD, SPLICE_F_MOVE,
        SPLICE_F_NONBLOCK, SPLICE_F_MORE, SPLICE_F_GIFT, O_CLOEXEC, FIONBIO,
    ]
    literal: [
        F_SETSIG = 10,
        F_GETSIG = 11,
        F_EXLCK = 4,
        F_SHLCK = 8,
        F_SETLK64 = 6,
        F_SETLKW64 = 7,
        F_GETLK64 = 5,
        SIOCINQ = 0x541b,
        SIOCATMARK = 0x8905,
        SIOCOUTQ = 0x5411,
        SIOCOUTQNSD = 0x894b,
    ]
}
