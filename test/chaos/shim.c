/*
 * What cannot be had without being root: another time of day, a disk that is full, and one that forgets what
 * was not synced. Preloaded into Redis and agents (LD_PRELOAD); steered through a shared page, the file that
 * CHAOS_PAGE names. Without it nothing is changed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { ROWS = 500 };
struct page {
  volatile int64_t offset_us; /* added to the time of day */
  volatile int64_t room;      /* bytes that files may still grow, or -1 */
  struct { volatile uint64_t inode; volatile int64_t size; } synced[ROWS];
};
static struct page *page;

__attribute__((constructor)) static void open_page(void) {
  const char *path = getenv("CHAOS_PAGE");
  int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *at = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at != MAP_FAILED) page = at;
  close(fd);
}

int clock_gettime(clockid_t id, struct timespec *at) {
  if (syscall(SYS_clock_gettime, id, at) != 0) return -1;
  if (page != NULL && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
    int64_t ns = at->tv_nsec + page->offset_us % 1000000 * 1000;
    at->tv_sec += page->offset_us / 1000000 + ns / 1000000000 - (ns < 0);
    at->tv_nsec = (ns + 1000000000) % 1000000000;
  }
  return 0;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
  struct timespec exact;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &exact);
  at->tv_sec = exact.tv_sec;
  at->tv_usec = exact.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *to) {
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  if (to != NULL) *to = at.tv_sec;
  return at.tv_sec;
}

ssize_t write(int fd, const void *bytes, size_t count) {
  struct stat file;
  if (page != NULL && page->room >= 0 && fstat(fd, &file) == 0 && S_ISREG(file.st_mode)) {
    if (count > 0 && page->room == 0) {
      errno = ENOSPC;
      return -1;
    }
    if ((int64_t)count > page->room) count = page->room;
    page->room -= count;
  }
  return syscall(SYS_write, fd, bytes, count);
}

/* What the file had when its sync began will be there after a power cut; nothing else need be. */
static int sync_file(long call, int fd) {
  struct stat file;
  int known = page != NULL && fstat(fd, &file) == 0 && S_ISREG(file.st_mode);
  int result = syscall(call, fd);
  if (result != 0 || !known) return result;
  for (int i = 0; i < ROWS; i++) {
    if (page->synced[i].inode != 0 && page->synced[i].inode != file.st_ino) continue;
    page->synced[i].inode = file.st_ino;
    page->synced[i].size = file.st_size;
    break;
  }
  return 0;
}

int fsync(int fd) { return sync_file(SYS_fsync, fd); }
int fdatasync(int fd) { return sync_file(SYS_fdatasync, fd); }
