import { SetMetadata } from '@nestjs/common';

export const REAUTHENTICATED = 'reauthenticated';

/**
 * For forms that should not work on a screen left open: a console visitor who did not prove within ten minutes who
 * she is has to, and what she sent is sent again with the proof. Programs need the scope of the route in their token. Not for
 * uploads, which cannot be sent again, nor for GET, which never acts.
 */
export const Reauthenticated = () => SetMetadata(REAUTHENTICATED, true);
