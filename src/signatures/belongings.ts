import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** What another room keeps of a signer, shown to her as one of her data. No personal data of others. */
export type Belonging = Record<string, string | number | null>;

/** A room that keeps something that belongs to a signature. */
export interface Keeper {
  /** As a field of `my-data`. */
  name: string;
  held(petitionId: string, signatureId: string): Promise<Belonging[]>;
  /** She withdraws or is erased: whatever it keeps of her goes in this transaction. */
  forget(tx: EntityManager, petitionId: string, signatureIds: string[]): Promise<void>;
}

/** Whoever keeps something of a signer registers here at start, and is asked and told with her signature. */
@Injectable()
export class Belongings {
  private readonly keepers: Keeper[] = [];

  register(keeper: Keeper): void {
    this.keepers.push(keeper);
  }

  async held(petitionId: string, signatureId: string): Promise<Record<string, Belonging[]>> {
    const held = await Promise.all(
      this.keepers.map(async (keeper) => [keeper.name, await keeper.held(petitionId, signatureId)] as const),
    );
    return Object.fromEntries(held);
  }

  async forget(tx: EntityManager, petitionId: string, signatureIds: string[]): Promise<void> {
    if (signatureIds.length === 0) return;
    for (const keeper of this.keepers) await keeper.forget(tx, petitionId, signatureIds);
  }
}
