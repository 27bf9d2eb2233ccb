import { Body, Controller, Delete, Get, HttpCode, Param, ParseUUIDPipe, Post, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Actor, Needs } from './access.js';
import { SecondFactors } from './second-factors.service.js';
import type { StaffMember } from './staff-member.entity.js';
import { NewStaffMember, RoleChange, RulesView, StaffList, StaffView, StaffWithPassword } from './staff.schema.js';
import { StaffRules } from './staff-rules.service.js';
import { Staff } from './staff.service.js';

@ApiTags('staff')
@ApiBearerAuth()
@Needs('staff:manage')
@Controller('api/v1/staff')
export class StaffApi {
  constructor(
    private readonly staff: Staff,
    private readonly factors: SecondFactors,
    private readonly rules: StaffRules,
  ) {}

  @Get()
  @ApiOkResponse({ standardSchema: StaffList })
  async list() {
    const [members, safe] = await Promise.all([this.staff.list(), this.staff.withFactor()]);
    return { staff: members.map((member) => view(member, safe)) };
  }

  /** The rules that staff lives by. */
  @Get('rules')
  @ApiOkResponse({ standardSchema: RulesView })
  async seeRules() {
    return { secondFactor: await this.rules.demandsFactor() };
  }

  /** Holds from the next request of everybody on. Audited. */
  @Put('rules')
  @ApiOkResponse({ standardSchema: RulesView })
  async changeRules(@Body({ schema: RulesView }) { secondFactor }: RulesView, @Actor() actor: Actor) {
    await this.rules.demandFactor(secondFactor, actor);
    return { secondFactor: await this.rules.demandsFactor() };
  }

  /** Adds somebody with a first password made at random, shown this once. */
  @Post()
  @ApiCreatedResponse({ standardSchema: StaffWithPassword })
  async add(@Body({ schema: NewStaffMember }) body: NewStaffMember, @Actor() actor: Actor) {
    const { member, password } = await this.staff.add(body, actor);
    return { ...view(member, new Set()), password };
  }

  @Put(':id/role')
  @ApiOkResponse({ standardSchema: StaffView })
  async changeRole(
    @Param('id', ParseUUIDPipe) id: string,
    @Body({ schema: RoleChange }) { role }: RoleChange,
    @Actor() actor: Actor,
  ) {
    await this.staff.changeRole(id, role, actor);
    return view(await this.staff.one(id), await this.staff.withFactor());
  }

  /** Disables the account; what it did stays in the audit log. */
  @Delete(':id')
  @HttpCode(204)
  async disable(@Param('id', ParseUUIDPipe) id: string, @Actor() actor: Actor) {
    await this.staff.disable(id, actor);
  }

  /** For somebody who lost it: authenticator app, passkeys and recovery codes go, her sessions end. */
  @Delete(':id/second-factor')
  @HttpCode(204)
  async resetFactor(@Param('id', ParseUUIDPipe) id: string, @Actor() actor: Actor) {
    await this.factors.reset(id, actor);
  }
}

const view = ({ id, email, name, role, disabledAt }: StaffMember, safe: ReadonlySet<string>) => ({
  id,
  email,
  name,
  role,
  disabled: disabledAt !== null,
  secondFactor: safe.has(id),
});
