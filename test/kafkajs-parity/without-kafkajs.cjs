// Preloaded (`--require`), kafkajs is not installed.
const Module = require('node:module');

const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, ...others) {
  if (request !== 'kafkajs') return resolve.call(this, request, ...others);
  throw Object.assign(new Error("Cannot find module 'kafkajs'"), { code: 'MODULE_NOT_FOUND' });
};
