// A layer between a process and its disk, loaded with LD_PRELOAD (Linux). It watches one folder. Each change that the
// process makes in it is carried out, then appended with its bytes to a journal outside of it. A control file says which
// faults to inject. The contents that a power cut would leave are computed from the journal (simulated-disk.ts).
//
// - One record a change, in the order in which the changes took effect: a lock is held over each change and its record.
//   An fsync holds no lock; its record says where the journal stood when it began, and it covers no later change.
// - Files and folders are named by their inode; what the folder holds when the process starts is recorded first.
// - SQLite's -shm is an mmap and is not durable: it is left out.
//
// KEEPSAKE_DISK_WATCH    the folder, without symbolic links
// KEEPSAKE_DISK_JOURNAL  folder of the journals, one file a process, numbered in their order
// KEEPSAKE_DISK_CONTROL  the control file (disk-layer.ts writes it)
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FOLDER = 1, HELD, READY, CREATE, MKDIR, WRITE, TRUNCATE, RENAME, UNLINK, LINK, SYNC, SYNC_FAILED };

struct record { // little-endian; followed by `size` bytes of payload
  uint32_t kind, size;
  uint64_t inode, a, b;
};

struct control { // also in disk-layer.ts
  uint64_t syncs_before, failing_syncs, is_full, room, is_read_only, writes_short, kills;
  char failing[256], ignored[256]; // patterns of paths
};

#define REAL(name) ((__typeof__(&name))real_of(#name))
#define LOCKED pthread_mutex_lock(&lock)
#define UNLOCKED pthread_mutex_unlock(&lock)
#define MAX_FD 65536

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t started = PTHREAD_ONCE_INIT;
static char root[PATH_MAX];
static size_t root_length;
static int journal = -1;
static _Atomic uint64_t journal_size;
static struct control no_faults, *control = &no_faults;
static _Atomic uint64_t inode_of_fd[MAX_FD]; // of watched files; a number that was closed and used again is found out by fstat

static void *real_of(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (!found) { fprintf(stderr, "disk layer: no %s\n", name); abort(); }
  return found;
}

static void append_record(struct record head, const struct iovec *payload, int parts) {
  struct iovec all[18];
  head.size = 0;
  for (int i = 0; i < parts; i++) head.size += (all[i + 1] = payload[i]).iov_len;
  all[0] = (struct iovec){&head, sizeof head};
  ssize_t size = sizeof head + head.size;
  if (REAL(writev)(journal, all, parts + 1) != size) { perror("disk layer: journal"); abort(); }
  journal_size += size;
}

static void note(struct record head, const char *payload) {
  struct iovec bytes = {(void *)payload, strlen(payload)};
  append_record(head, &bytes, 1);
}

static uint64_t inode_at(const char *path) {
  struct stat found;
  return lstat(path, &found) == 0 ? found.st_ino : 0;
}

static uint64_t parent_of(const char *path) {
  char parent[PATH_MAX];
  snprintf(parent, sizeof parent, "%s", path);
  *strrchr(parent, '/') = 0;
  return inode_at(parent);
}

static const char *name_of(const char *path) { return strrchr(path, '/') + 1; }

static int is_shm(const char *path) {
  size_t length = strlen(path);
  return length > 4 && strcmp(path + length - 4, "-shm") == 0;
}

// The whole path, in `whole`; whether the layer watches it.
static int is_watched(int folder, const char *path, char *whole) {
  if (journal < 0 || !path) return 0;
  char base[PATH_MAX] = "";
  if (path[0] != '/' && folder == AT_FDCWD && !getcwd(base, sizeof base)) return 0;
  if (path[0] != '/' && folder != AT_FDCWD) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t length = readlink(link, base, sizeof base - 1);
    if (length < 0) return 0;
    base[length] = 0;
  }
  if (snprintf(whole, PATH_MAX, "%s%s%s", base, path[0] == '/' ? "" : "/", path) >= PATH_MAX) return 0;
  for (size_t end = strlen(whole); end > 1 && whole[end - 1] == '/'; end--) whole[end - 1] = 0;
  return strncmp(whole, root, root_length) == 0 && (whole[root_length] == '/' || whole[root_length] == 0) && !is_shm(whole);
}

static uint64_t watched_inode(int fd) {
  if (fd < 0 || fd >= MAX_FD || inode_of_fd[fd] == 0) return 0;
  struct stat found;
  return fstat(fd, &found) == 0 && found.st_ino == inode_of_fd[fd] ? found.st_ino : 0;
}

// Records the contents at the start: folders before their entries, files with their bytes.
static void scan(const char *path, uint64_t parent) {
  struct stat found;
  if (lstat(path, &found) != 0 || is_shm(path)) return;
  struct record head = {.kind = S_ISDIR(found.st_mode) ? FOLDER : HELD, .inode = found.st_ino, .a = parent};
  const char *name = parent ? name_of(path) : "";
  if (S_ISDIR(found.st_mode)) {
    note(head, name);
    DIR *folder = opendir(path);
    char below[PATH_MAX];
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
      if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
      if (snprintf(below, sizeof below, "%s/%s", path, entry->d_name) < PATH_MAX) scan(below, found.st_ino);
    }
    if (folder) closedir(folder);
    return;
  }
  int fd = REAL(open)(path, O_RDONLY | O_CLOEXEC);
  void *bytes = found.st_size ? mmap(NULL, found.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
  if (fd < 0 || bytes == MAP_FAILED) { perror("disk layer: scan"); abort(); }
  head.b = strlen(name);
  append_record(head, (struct iovec[]){{(void *)name, head.b}, {bytes, found.st_size}}, 2);
  if (bytes) munmap(bytes, found.st_size);
  close(fd);
}

static void start(void) {
  const char *watch = getenv("KEEPSAKE_DISK_WATCH"), *journals = getenv("KEEPSAKE_DISK_JOURNAL");
  const char *control_file = getenv("KEEPSAKE_DISK_CONTROL");
  if (!watch || !journals || !control_file) return;
  root_length = snprintf(root, sizeof root, "%s", watch);
  int fd = REAL(open)(control_file, O_RDWR | O_CLOEXEC);
  control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  char path[PATH_MAX];
  for (int number = 0; journal < 0 && number < 100000; number++) {
    snprintf(path, sizeof path, "%s/%05d", journals, number);
    journal = REAL(open)(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
  }
  if (fd < 0 || control == MAP_FAILED || journal < 0) { perror("disk layer: start"); abort(); }
  close(fd);
  scan(root, 0);
  note((struct record){.kind = READY}, "");
}

__attribute__((constructor)) static void begin(void) { pthread_once(&started, start); }

static int refused(int error) { errno = error; return -1; }

static int open_watched(const char *path, int flags, mode_t mode) {
  int writes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
  LOCKED;
  uint64_t before = inode_at(path);
  if (control->is_read_only && ((flags & O_TRUNC) || ((flags & O_CREAT) && !before) || (writes && before))) {
    UNLOCKED;
    return refused(EROFS);
  }
  int fd = REAL(open)(path, flags, mode), error = errno;
  struct stat found;
  if (fd >= 0 && fd < MAX_FD && fstat(fd, &found) == 0) {
    inode_of_fd[fd] = found.st_ino;
    if (!before) note((struct record){.kind = CREATE, .inode = found.st_ino, .a = parent_of(path)}, name_of(path));
    else if (flags & O_TRUNC) note((struct record){.kind = TRUNCATE, .inode = found.st_ino}, "");
  }
  UNLOCKED;
  errno = error;
  return fd;
}

static int open_any(int folder, const char *path, int flags, mode_t mode) {
  begin();
  char whole[PATH_MAX];
  if (is_watched(folder, path, whole)) return open_watched(whole, flags, mode);
  int fd = REAL(openat)(folder, path, flags, mode);
  if (fd >= 0 && fd < MAX_FD) inode_of_fd[fd] = 0;
  return fd;
}

static mode_t mode_in(int flags, va_list rest) { return flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0; }
#define MODE(flags) ({ va_list rest; va_start(rest, flags); mode_t mode = mode_in(flags, rest); va_end(rest); mode; })

int open(const char *path, int flags, ...) { return open_any(AT_FDCWD, path, flags, MODE(flags)); }
int open64(const char *path, int flags, ...) { return open_any(AT_FDCWD, path, flags, MODE(flags)); }
int openat(int folder, const char *path, int flags, ...) { return open_any(folder, path, flags, MODE(flags)); }
int openat64(int folder, const char *path, int flags, ...) { return open_any(folder, path, flags, MODE(flags)); }
int creat(const char *path, mode_t mode) { return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

// `at` < 0: where the file stands. Bytes beyond the end of the file take room; others have theirs already.
static ssize_t write_watched(int fd, uint64_t inode, const struct iovec *parts, int count, off_t at) {
  struct stat before;
  struct iovec some[16];
  size_t wanted = 0, allowed;
  if (count > 16) count = 16; // a short write: whoever asked goes on with the rest
  for (int i = 0; i < count; i++) wanted += (some[i] = parts[i]).iov_len;
  allowed = wanted;
  LOCKED;
  fstat(fd, &before);
  int appends = fcntl(fd, F_GETFL) & O_APPEND;
  off_t start = appends ? before.st_size : at >= 0 ? at : lseek(fd, 0, SEEK_CUR);
  int error = control->is_read_only ? EROFS : 0;
  if (control->writes_short && allowed > 1) allowed /= 2;
  if (control->is_full && start + (off_t)allowed > before.st_size) {
    size_t growing = start + allowed - (start > before.st_size ? start : before.st_size);
    if (growing > control->room) allowed -= growing - control->room;
    if (allowed == 0) error = ENOSPC;
    else control->room -= growing < control->room ? growing : control->room;
  }
  if (error) { UNLOCKED; return refused(error); }
  int used = 0;
  for (size_t left = allowed; left > 0 && used < count; used++) {
    if (some[used].iov_len > left) some[used].iov_len = left;
    left -= some[used].iov_len;
  }
  ssize_t written = at >= 0 ? REAL(pwritev)(fd, some, used, at) : REAL(writev)(fd, some, used);
  error = errno;
  if (written > 0) {
    if ((size_t)written != allowed) { fprintf(stderr, "disk layer: the disk wrote less\n"); abort(); }
    append_record((struct record){.kind = WRITE, .inode = inode, .a = start}, some, used);
  }
  UNLOCKED;
  errno = error;
  return written;
}

ssize_t write(int fd, const void *bytes, size_t size) {
  uint64_t inode = watched_inode(fd);
  if (!inode) return REAL(write)(fd, bytes, size);
  return write_watched(fd, inode, &(struct iovec){(void *)bytes, size}, 1, -1);
}
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
  uint64_t inode = watched_inode(fd);
  if (!inode) return REAL(pwrite)(fd, bytes, size, at);
  return write_watched(fd, inode, &(struct iovec){(void *)bytes, size}, 1, at);
}
ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t at) { return pwrite(fd, bytes, size, at); }
ssize_t writev(int fd, const struct iovec *parts, int count) {
  uint64_t inode = watched_inode(fd);
  return inode ? write_watched(fd, inode, parts, count, -1) : REAL(writev)(fd, parts, count);
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
  uint64_t inode = watched_inode(fd);
  return inode ? write_watched(fd, inode, parts, count, at) : REAL(pwritev)(fd, parts, count, at);
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at) { return pwritev(fd, parts, count, at); }

// Copies inside the kernel are refused, as file systems without them do: whoever asked then reads and writes.
ssize_t copy_file_range(int in, off_t *from, int out, off_t *to, size_t size, unsigned flags) {
  return watched_inode(out) ? refused(ENOSYS) : REAL(copy_file_range)(in, from, out, to, size, flags);
}
// Calls that a program makes to the kernel past libc: libuv copies so. Rings of calls (io_uring) can not be watched.
long syscall(long number, ...) {
  va_list rest;
  va_start(rest, number);
  long a[6];
  for (int i = 0; i < 6; i++) a[i] = va_arg(rest, long);
  va_end(rest);
  if (journal >= 0 && (number == SYS_io_uring_setup || (number == SYS_copy_file_range && watched_inode(a[2])))) return refused(ENOSYS);
  return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
ssize_t sendfile(int out, int in, off_t *from, size_t size) {
  ssize_t (*real)(int, int, off_t *, size_t) = real_of("sendfile");
  return watched_inode(out) ? refused(EINVAL) : real(out, in, from, size);
}
ssize_t sendfile64(int out, int in, off_t *from, size_t size) { return sendfile(out, in, from, size); }
int ioctl(int fd, unsigned long request, ...) {
  va_list rest;
  va_start(rest, request);
  void *argument = va_arg(rest, void *);
  va_end(rest);
  if (watched_inode(fd) && request == 0x40049409 /* FICLONE */) return refused(EOPNOTSUPP);
  return REAL(ioctl)(fd, request, argument);
}

int ftruncate(int fd, off_t size) {
  uint64_t inode = watched_inode(fd);
  if (!inode) return REAL(ftruncate)(fd, size);
  if (control->is_read_only) return refused(EROFS);
  LOCKED;
  int result = REAL(ftruncate)(fd, size), error = errno;
  if (result == 0) note((struct record){.kind = TRUNCATE, .inode = inode, .a = size}, "");
  UNLOCKED;
  errno = error;
  return result;
}
int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }

// A change of a folder: carried out, and recorded when it succeeded.
#define CHANGE(call, kind_, inode_, a_, b_, payload) ({ \
  if (control->is_read_only) return refused(EROFS); \
  LOCKED; \
  uint64_t inode = (inode_); \
  int result = (call), error = errno; \
  if (result == 0) note((struct record){.kind = (kind_), .inode = inode ? inode : inode_at(whole), .a = (a_), .b = (b_)}, payload); \
  UNLOCKED; \
  errno = error; \
  result; })

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
  begin();
  char whole[PATH_MAX], there[PATH_MAX], names[2 * NAME_MAX + 2];
  int leaves = is_watched(from_folder, from, whole), enters = is_watched(to_folder, to, there);
  if (!leaves && !enters) return REAL(renameat)(from_folder, from, to_folder, to);
  if (!leaves || !enters) { fprintf(stderr, "disk layer: %s is moved across the edge of the folder\n", from); abort(); }
  snprintf(names, sizeof names, "%s/%s", name_of(whole), name_of(there));
  return CHANGE(REAL(renameat)(AT_FDCWD, whole, AT_FDCWD, there), RENAME, inode_at(whole), parent_of(whole), parent_of(there), names);
}
int rename(const char *from, const char *to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }

int unlinkat(int folder, const char *path, int flags) {
  begin();
  char whole[PATH_MAX];
  if (!is_watched(folder, path, whole)) return REAL(unlinkat)(folder, path, flags);
  return CHANGE(REAL(unlinkat)(AT_FDCWD, whole, flags), UNLINK, inode_at(whole), parent_of(whole), 0, name_of(whole));
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
int remove(const char *path) {
  struct stat found;
  return lstat(path, &found) == 0 && S_ISDIR(found.st_mode) ? rmdir(path) : unlink(path);
}

int mkdirat(int folder, const char *path, mode_t mode) {
  begin();
  char whole[PATH_MAX];
  if (!is_watched(folder, path, whole)) return REAL(mkdirat)(folder, path, mode);
  return CHANGE(REAL(mkdirat)(AT_FDCWD, whole, mode), MKDIR, 0, parent_of(whole), 0, name_of(whole));
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
  begin();
  char whole[PATH_MAX];
  if (!is_watched(to_folder, to, whole)) return REAL(linkat)(from_folder, from, to_folder, to, flags);
  return CHANGE(REAL(linkat)(from_folder, from, AT_FDCWD, whole, flags), LINK, 0, parent_of(whole), 0, name_of(whole));
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

static int sync_watched(int fd, uint64_t inode, int (*sync)(int)) {
  char link[64], path[PATH_MAX] = "";
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  if (readlink(link, path, sizeof path - 1) < 0) return -1;
  if (fnmatch(control->ignored, path, 0) == 0) return 0;
  uint64_t began_at = journal_size;
  LOCKED;
  int fails = control->failing_syncs > 0 && fnmatch(control->failing, path, 0) == 0;
  if (fails && control->syncs_before > 0) fails = 0, control->syncs_before--;
  else if (fails) control->failing_syncs--;
  UNLOCKED;
  if (fails && control->kills) kill(getpid(), SIGKILL);
  int result = fails ? refused(EIO) : sync(fd), error = errno;
  LOCKED;
  note((struct record){.kind = result == 0 ? SYNC : SYNC_FAILED, .inode = inode, .a = began_at}, "");
  UNLOCKED;
  errno = error;
  return result;
}

int fsync(int fd) {
  uint64_t inode = watched_inode(fd);
  return inode ? sync_watched(fd, inode, REAL(fsync)) : REAL(fsync)(fd);
}
int fdatasync(int fd) {
  uint64_t inode = watched_inode(fd);
  return inode ? sync_watched(fd, inode, REAL(fdatasync)) : REAL(fdatasync)(fd);
}
