import { Injectable } from '@nestjs/common';
import type { PublishedPetition } from './petitions.service.js';

/** Something that another room offers for a petition, asked when a page is made. */
type Offer = (petitionId: string) => Promise<boolean>;
type Names = (petition: PublishedPetition) => Promise<string[]>;

/** What other rooms offer to readers and signers of a petition, so that its pages can link there without knowing them. */
@Injectable()
export class PetitionExtras {
  private readonly offers = new Map<string, Offer>();
  private names: Names = async () => [];

  register(name: string, offer: Offer): void {
    this.offers.set(name, offer);
  }

  /** From the room that can read the names of signers. */
  takeNamesFrom(names: Names): void {
    this.names = names;
  }

  /** Names of recent signers who let them be shown. */
  recentNames(petition: PublishedPetition): Promise<string[]> {
    return this.names(petition);
  }

  /** Names of what is offered now. */
  async of(petitionId: string): Promise<string[]> {
    const found = await Promise.all(
      [...this.offers].map(async ([name, offer]) => ((await offer(petitionId)) ? [name] : [])),
    );
    return found.flat();
  }
}
