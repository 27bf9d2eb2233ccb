import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Put } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { uuid } from '../site/pipes.js';
import { Actor, Needs } from '../staff/access.js';
import { Coalitions } from './coalitions.service.js';
import {
  NewOrganisation,
  OrganisationChange,
  OrganisationRecord,
  OrganisationRecords,
} from './organisations.schema.js';

/** Organisations on one petition. Signers agree with each by itself. */
@ApiTags('organisations')
@Controller('api/v1/petitions/:slug/organisations')
export class OrganisationsApi {
  constructor(private readonly coalitions: Coalitions) {}

  @Needs('console:read')
  @Get()
  @ApiOkResponse({ standardSchema: OrganisationRecords })
  async list(@Param('slug') slug: string) {
    return { organisations: await this.coalitions.list(slug) };
  }

  @Needs('organisations:manage')
  @Post()
  @ApiCreatedResponse({ standardSchema: OrganisationRecord })
  async add(
    @Param('slug') slug: string,
    @Body({ schema: NewOrganisation }) body: NewOrganisation,
    @Actor() actor: Actor,
  ) {
    return this.coalitions.one(slug, await this.coalitions.add(slug, body, actor));
  }

  /** By who acts for it; by an admin only as long as nobody does. */
  @Needs('exports:organisation')
  @Patch(':id')
  @ApiOkResponse({ standardSchema: OrganisationRecord })
  async change(
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Body({ schema: OrganisationChange }) body: OrganisationChange,
    @Actor() actor: Actor,
  ) {
    await this.coalitions.change(slug, id, body, actor);
    return this.coalitions.one(slug, id);
  }

  /** It leaves the petition; what signers agreed to with it is good for nothing any more. */
  @Needs('organisations:manage')
  @Delete(':id')
  @HttpCode(204)
  end(@Param('slug') slug: string, @Param('id', uuid) id: string, @Actor() actor: Actor) {
    return this.coalitions.end(slug, id, actor);
  }

  @Needs('organisations:manage')
  @Put(':id/people/:staffId')
  @ApiOkResponse({ standardSchema: OrganisationRecord })
  async addPerson(
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Param('staffId', uuid) staffId: string,
    @Actor() actor: Actor,
  ) {
    await this.coalitions.addPerson(slug, id, staffId, actor);
    return this.coalitions.one(slug, id);
  }

  @Needs('organisations:manage')
  @Delete(':id/people/:staffId')
  @HttpCode(204)
  removePerson(
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Param('staffId', uuid) staffId: string,
    @Actor() actor: Actor,
  ) {
    return this.coalitions.removePerson(slug, id, staffId, actor);
  }
}
