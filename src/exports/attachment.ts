import { StreamableFile } from '@nestjs/common';

/** A stream that the browser saves under this name. */
export const attachment = (stream: ConstructorParameters<typeof StreamableFile>[0], type: string, name: string) =>
  new StreamableFile(stream as never, { type, disposition: `attachment; filename="${name}"` });
