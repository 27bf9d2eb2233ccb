import { SetMetadata } from '@nestjs/common';

export const BEFORE_SECOND_FACTOR = 'before-second-factor';

/** For what somebody may do who must have a second factor and has none yet: make one, or leave. */
export const BeforeSecondFactor = () => SetMetadata(BEFORE_SECOND_FACTOR, true);
