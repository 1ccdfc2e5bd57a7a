// Terminal calls that are variadic in C, which Swift cannot call.
#ifndef CSHIM_TERMINAL_H
#define CSHIM_TERMINAL_H

/// Columns of the terminal at `descriptor` (ioctl TIOCGWINSZ); 0 when it is no terminal or does not tell.
int cshim_terminal_columns(int descriptor);

#endif
