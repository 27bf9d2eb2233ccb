import { Injectable } from '@nestjs/common';
import type { PublishedPetition } from './petitions.service.js';

/** Something that another room offers for petitions, asked when a page is made. @returns ids of those that have it */
type Offer = (petitionIds: string[]) => Promise<string[]>;
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
    return (await this.ofAll([petitionId])).get(petitionId)!;
  }

  /** The same of many petitions, by their ids. */
  async ofAll(petitionIds: string[]): Promise<Map<string, string[]>> {
    const extras = new Map(petitionIds.map((id) => [id, [] as string[]]));
    const offers = await Promise.all(
      [...this.offers].map(async ([name, offer]) => ({ name, ids: await offer(petitionIds) })),
    );
    for (const { name, ids } of offers) for (const id of ids) extras.get(id)!.push(name);
    return extras;
  }
}
