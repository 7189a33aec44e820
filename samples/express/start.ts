import { runProgram } from '../attach/program';
import { startExpress } from './server';

runProgram(startExpress);
