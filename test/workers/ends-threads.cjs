// Preloaded (`--require`), it ends a process's threads before they do anything.
if (!require('node:worker_threads').isMainThread) process.exit(9);
