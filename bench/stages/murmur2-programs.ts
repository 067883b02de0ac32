// Hashing keys outside of Node: our C++ as it stands in the addon, and the Java client's.
import { execFile, spawnSync } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { javaAndMavenMissing, javaCommand, kafkaClassPath } from '../../test/broker/kafka-jars';
import { build } from '../contenders/build';
import { CACHE } from '../contenders/contender';
import type { Program } from './stage';

const run = promisify(execFile);
const native = path.join(__dirname, '..', '..', 'native');
const binary = path.join(CACHE, 'murmur2-loop');

export const CPP_LOOP = 'C++ loop over native/murmur2.cc';

const cpp: Program = {
  group: 'murmur2',
  name: CPP_LOOP,
  missing: () => (spawnSync('c++', ['--version']).status === 0 ? undefined : 'a C++ compiler is missing'),
  async measure() {
    const sources = ['murmur2_loop.cc', path.join(native, 'murmur2.cc')];
    await build('c++', ['-O3', '-std=c++17', `-I${native}`, ...sources, '-o', binary], __dirname);
    return Number((await run(binary)).stdout);
  },
};

const java: Program = {
  group: 'murmur2',
  name: 'Java loop over the client’s Utils.murmur2',
  missing: () => javaAndMavenMissing(),
  async measure() {
    const program = path.join(__dirname, 'Murmur2Loop.java');
    return Number((await run(javaCommand(), ['-cp', await kafkaClassPath(), program])).stdout);
  },
};

export const murmur2Programs: Program[] = [cpp, java];
