import { Module } from '@nestjs/common';
import { PetitionsModule } from '../petitions/petitions.module.js';
import { NoticesPages } from './notices.pages.js';

@Module({ imports: [PetitionsModule], controllers: [NoticesPages] })
export class NoticesModule {}
