import { Injectable } from '@nestjs/common';

/** Something that another room offers for a petition, asked when a page is made. */
type Offer = (petitionId: string) => Promise<boolean>;

/** What other rooms offer to readers and signers of a petition, so that its pages can link there without knowing them. */
@Injectable()
export class PetitionExtras {
  private readonly offers = new Map<string, Offer>();

  register(name: string, offer: Offer): void {
    this.offers.set(name, offer);
  }

  /** Names of what is offered now. */
  async of(petitionId: string): Promise<string[]> {
    const found = await Promise.all(
      [...this.offers].map(async ([name, offer]) => ((await offer(petitionId)) ? [name] : [])),
    );
    return found.flat();
  }
}
