// LocalStack is one Python process of many threads, of which only one runs at a time (CPython's global interpreter lock).
// On several processors they pass the lock between them at a high price: on one they are faster. docs/decisions/0016.

// Python ignores two signals for itself, and what it becomes would ignore them too.
const program = `import os, signal, sys
try:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
except (AttributeError, OSError) as error:
    print(f"on all processors: {error}", file=sys.stderr)
for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
    signal.signal(ignored, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
`;

/**
 * The words before a command line that keep it on the first processor it may use (sched_setaffinity(2): its threads and
 * children inherit it). Python, because where LocalStack runs it is there. A system that refuses is said on stderr, and
 * the command runs all the same.
 */
export const onOneProcessor: readonly string[] = ['python3', '-c', program];
