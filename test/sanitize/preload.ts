// Preloads the sanitizer into the processes that tests run in: not into the runner, nor the brokers, which are there by now.
export default function setup(): void {
  process.env.LD_PRELOAD = process.env.MILLRACE_PRELOAD;
}
