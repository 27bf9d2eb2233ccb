import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Switch } from './switch.entity.js';
import { SwitchesApi } from './switches.api.js';
import { SwitchesConsole } from './switches.console.js';
import { Switches } from './switches.service.js';

@Global()
@Module({
  imports: [TypeOrmModule.forFeature([Switch])],
  providers: [Switches],
  controllers: [SwitchesApi, SwitchesConsole],
  exports: [Switches],
})
export class SwitchesModule {}
