/// <reference types="node" preserve="true" />
export { type PrometheusOptions, prometheus } from './prometheus';
