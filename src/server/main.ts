#!/usr/bin/env node
import { run } from './cli/arguments.js';

process.exitCode = await run(process.argv.slice(2));
