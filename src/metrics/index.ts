/// <reference types="node" preserve="true" />
export { prometheus, type PrometheusOptions } from './prometheus';
