"""Lets a timer interrupt the harness all the time, wherever it is, with an exception, and blocks every signal that it can."""

import signal


def strike(*args):
    raise KeyboardInterrupt("out of nowhere")


for number in (signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGCHLD, signal.SIGTERM):
    signal.signal(number, strike)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)


def center_forward(x):
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    return x


center_backward = center_forward
