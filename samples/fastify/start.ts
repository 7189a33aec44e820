import { runProgram } from '../attach/program';
import { startFastify } from './server';

runProgram(startFastify);
