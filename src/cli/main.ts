#!/usr/bin/env node
import { exitStatus } from './exit-status.js';
import { run } from './program.js';

process.exitCode = await run(process.argv.slice(2));
// A read of stdin would keep an interrupted process alive.
if (process.exitCode === exitStatus.interrupted) process.exit();
