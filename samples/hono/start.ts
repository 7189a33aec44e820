import { runProgram } from '../attach/program';
import { startHono } from './server';

runProgram(startHono);
