/** A mail on its way, as a delivery needs it. */
export interface Handover {
  id: string;
  attemptId: string;
  createdAt: Date;
  /** Address alone, without a name. */
  to: string;
  from: string;
  /** Whether `from` can take reports: then the server is asked for them. */
  reports?: boolean;
  bytes: Buffer;
}

/**
 * How an attempt ended. A reply is an answer; `in_doubt` is silence after the hand-over; `unsent` means that surely
 * nothing left and nobody answered for this mail, so it says something about the mail server and nothing about the mail.
 */
export interface Outcome {
  result: 'accepted' | 'deferred' | 'refused' | 'in_doubt' | 'suppressed' | 'unsent';
  code?: number;
  reply?: string;
  /** The answer was about the server or about us, not about this mail: it serves us not at all, or for now too much. */
  trouble?: 'relay' | 'throttle';
}

/** A way out: a mail server, or the built-in inbox. */
export interface Delivery {
  /** How many mails it takes at once, at least 2. */
  readonly lines: number;
  /**
   * @param handOver is awaited at the last moment at which surely nothing has been sent. When it fails nothing is sent,
   * and `deliver` fails with its error.
   */
  deliver(mail: Handover, handOver: () => Promise<void>): Promise<Outcome>;
  /** Breaks off what is under way; those deliveries end with the outcome that is true then. */
  abort(): void;
  close(): Promise<void>;
}
