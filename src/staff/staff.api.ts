import { Body, Controller, Delete, Get, HttpCode, Param, ParseUUIDPipe, Post, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Actor, Needs } from './access.js';
import type { StaffMember } from './staff-member.entity.js';
import { NewStaffMember, RoleChange, StaffList, StaffView, StaffWithPassword } from './staff.schema.js';
import { Staff } from './staff.service.js';

@ApiTags('staff')
@ApiBearerAuth()
@Needs('staff:manage')
@Controller('api/v1/staff')
export class StaffApi {
  constructor(private readonly staff: Staff) {}

  @Get()
  @ApiOkResponse({ standardSchema: StaffList })
  async list() {
    return { staff: (await this.staff.list()).map(view) };
  }

  /** Adds somebody with a first password made at random, shown this once. */
  @Post()
  @ApiCreatedResponse({ standardSchema: StaffWithPassword })
  async add(@Body({ schema: NewStaffMember }) body: NewStaffMember, @Actor() actor: Actor) {
    const { member, password } = await this.staff.add(body, actor);
    return { ...view(member), password };
  }

  @Put(':id/role')
  @ApiOkResponse({ standardSchema: StaffView })
  async changeRole(
    @Param('id', ParseUUIDPipe) id: string,
    @Body({ schema: RoleChange }) { role }: RoleChange,
    @Actor() actor: Actor,
  ) {
    await this.staff.changeRole(id, role, actor);
    return view(await this.staff.one(id));
  }

  /** Disables the account; what it did stays in the audit log. */
  @Delete(':id')
  @HttpCode(204)
  async disable(@Param('id', ParseUUIDPipe) id: string, @Actor() actor: Actor) {
    await this.staff.disable(id, actor);
  }
}

const view = ({ id, email, name, role, disabledAt }: StaffMember) => ({
  id,
  email,
  name,
  role,
  disabled: disabledAt !== null,
});
