import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { problems } from '../site/problem.js';
import { Actor, Needs } from '../staff/access.js';
import { SwitchList, SwitchNameParam, SwitchOrder } from './switches.schema.js';
import { Switches } from './switches.service.js';

@ApiTags('switches')
@Controller('api/v1/switches')
export class SwitchesApi {
  constructor(private readonly switches: Switches) {}

  /** What staff has turned off. */
  @Needs('console:read')
  @Get()
  @ApiOkResponse({ standardSchema: SwitchList })
  async list() {
    return { off: await this.switches.list() };
  }

  /** Turns signing, signing without a proof of work, counting or mailing off, or on again; it acts within seconds. Audited. */
  @Needs('switches:turn')
  @Put(':name')
  @ApiOkResponse({ standardSchema: SwitchList })
  async turn(@Param('name') name: string, @Body({ schema: SwitchOrder }) order: SwitchOrder, @Actor() actor: Actor) {
    const known = SwitchNameParam.safeParse(name);
    if (!known.success) throw problems.notFound('There is no switch of this name.');
    await this.switches.turn(known.data, order, actor);
    return { off: await this.switches.list() };
  }
}
