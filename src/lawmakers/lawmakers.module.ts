import { Module } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { prepareUploads } from '../site/upload.js';
import { AudienceService } from './audience.service.js';
import { ContactPoint } from './contact-point.entity.js';
import { ContactPointsService } from './contact-points.service.js';
import { DemoParliament } from './demo-parliament.service.js';
import { DuplicatesApi } from './duplicates.api.js';
import { DuplicatesConsole } from './duplicates.console.js';
import { Duplicates } from './duplicates.service.js';
import { GroupMembership } from './group-membership.entity.js';
import { ImportPreviewsService } from './import-previews.service.js';
import { ImportRow } from './import-row.entity.js';
import { ImportUndo } from './import-undo.service.js';
import { Import } from './import.entity.js';
import { ImportsService } from './imports.service.js';
import { Lawmaker, LawmakerIdentifier } from './lawmaker.entity.js';
import { LawmakerImportsApi } from './lawmaker-imports.api.js';
import { LawmakerImportsConsole } from './lawmaker-imports.console.js';
import { LawmakerUploadsConsole } from './lawmaker-uploads.console.js';
import { LawmakersApi } from './lawmakers.api.js';
import { LawmakersConsole } from './lawmakers.console.js';
import { LawmakersService } from './lawmakers.service.js';
import { Legislature } from './legislature.entity.js';
import { LegislaturesService } from './legislatures.service.js';
import { Membership } from './membership.entity.js';
import { Objection } from './objection.entity.js';
import { ObjectionLinks } from './objection-links.service.js';
import { ObjectionsPages } from './objections.pages.js';
import { ObjectionsService } from './objections.service.js';
import { PersonDecision } from './person-decision.entity.js';
import { PersonDecisions } from './person-decisions.service.js';
import type { FastifyInstance } from 'fastify';

const services = [
  AudienceService,
  ContactPointsService,
  DemoParliament,
  Duplicates,
  ImportPreviewsService,
  ImportUndo,
  ImportsService,
  LawmakersService,
  LegislaturesService,
  ObjectionLinks,
  ObjectionsService,
  PersonDecisions,
];

@Module({
  imports: [
    TypeOrmModule.forFeature([
      ContactPoint,
      GroupMembership,
      Import,
      ImportRow,
      Lawmaker,
      LawmakerIdentifier,
      Legislature,
      Membership,
      Objection,
      PersonDecision,
    ]),
  ],
  providers: services,
  controllers: [
    DuplicatesApi,
    DuplicatesConsole,
    LawmakersApi,
    LawmakerImportsApi,
    LawmakersConsole,
    LawmakerImportsConsole,
    LawmakerUploadsConsole,
    ObjectionsPages,
  ],
  exports: services,
})
export class LawmakersModule {
  /** Hooks must be there before Nest adds its routes, which is later than this and earlier than `onModuleInit`. */
  constructor({ httpAdapter }: HttpAdapterHost) {
    prepareUploads(httpAdapter.getInstance<FastifyInstance>());
  }
}
