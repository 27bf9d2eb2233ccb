import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { SETTINGS, type Settings } from '../config/settings.js';
import { composeTail, type MailTail } from '../mail/mail-tail.js';
import { type FieldError, problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { ownerOf } from '../staff/tokens.service.js';
import { type AttachmentFile, readAttachment } from './attachment-file.js';
import { sha256 } from './digest.js';
import { LetterAttachment } from './letter-attachment.entity.js';
import { LetterCampaigns, type WholeCampaign } from './letter-campaigns.service.js';

/** The files of a letter: checked by what they are, not by what they are called. Each change voids an approval. */
@Injectable()
export class LetterAttachments {
  /** Of the campaign looked at last: a preview after another does not read and encode the files again. */
  private last: MailTail | null = null;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly database: DataSource,
    private readonly campaigns: LetterCampaigns,
  ) {}

  /** Bytes: of one file, and of all files of a letter. */
  get limits(): { file: number; all: number } {
    return { file: this.settings.ATTACHMENT_KB * 1024, all: this.settings.ATTACHMENTS_KB * 1024 };
  }

  /** @returns its id @throws Problem invalid where the file may not go with a letter */
  async add(campaignId: string, name: string, content: Buffer, actor: Actor): Promise<string> {
    const file = readAttachment(name, content, this.limits.file);
    const id = uuidv7();
    await this.campaigns.edit(campaignId, undefined, actor, 'attachment-added', async (tx, { attachments }) => {
      const size = attachments.reduce((sum, each) => sum + each.size, file.size);
      if (size > this.limits.all) {
        throw refusal('files-too-large', `The files of a letter may have ${this.settings.ATTACHMENTS_KB} KB together.`);
      }
      if (attachments.some((each) => each.name.toLowerCase() === file.name.toLowerCase())) {
        throw refusal('name-taken', 'The letter has a file of this name.');
      }
      await tx.insert(LetterAttachment, { ...file, campaignId, id, addedBy: ownerOf(actor) });
    });
    return id;
  }

  async remove(campaignId: string, id: string, actor: Actor): Promise<void> {
    await this.campaigns.edit(campaignId, undefined, actor, 'attachment-removed', async (tx) => {
      const { affected } = await tx.delete(LetterAttachment, { campaignId, id });
      if (!affected) throw problems.notFound('There is no such attachment in this campaign.');
    });
  }

  /** @throws Problem not-found, also for an attachment of another campaign */
  async find(campaignId: string, id: string): Promise<AttachmentFile> {
    const [file] = await this.files(campaignId, id);
    if (!file) throw problems.notFound('There is no such attachment in this campaign.');
    return file;
  }

  /** What every mail of the campaign ends with; null: there are no attachments. */
  async tail({ id, attachments }: WholeCampaign): Promise<MailTail | null> {
    if (attachments.length === 0) return null;
    const files = attachments.map((file) => `${file.name}\n${file.type}\n${file.sha256.toString('hex')}`);
    const key = sha256([id, ...files].join('\n'))
      .toString('hex')
      .slice(0, 32);
    if (this.last?.key === key) return this.last;
    const bytes = await composeTail(key, await this.files(id));
    this.last = { key, bytes, sha256: sha256(bytes) };
    return this.last;
  }

  private files(campaignId: string, id?: string): Promise<AttachmentFile[]> {
    return this.database.manager.find(LetterAttachment, {
      where: { campaignId, ...(id && { id }) },
      select: { campaignId: true, id: true, name: true, type: true, size: true, sha256: true, content: true },
      order: { id: 'ASC' },
    });
  }
}

function refusal(code: string, message: string) {
  const fault: FieldError = { field: 'file', code, message };
  return problems.invalid([fault]);
}
