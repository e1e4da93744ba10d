/** What the command ends with; scripts and service managers rely on these. */
export const EXIT_OK = 0;
/** It could not be done: no daemon answers, the daemon refused, a port or a file is in use. */
export const EXIT_FAILED = 1;
/** It was asked for in the wrong way: an option, an argument, the configuration. Trying again changes nothing. */
export const EXIT_USAGE = 2;
/** A defect of this program (EX_SOFTWARE of sysexits.h). */
export const EXIT_DEFECT = 70;
