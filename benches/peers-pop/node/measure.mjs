// Times an asynchronous step as criterion does, and writes what criterion would write.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SAMPLES = 50;

export class Bench {
  // `seconds` of warm-up and of measurement; without `out` every step runs once.
  constructor({ out, warmUp, measure }) {
    Object.assign(this, { out, warmUp, measure });
  }

  // One sample is as many steps as fill its share of the time; `step(n)` is awaited each time.
  async run(group, name, value, step) {
    const id = [group, name, value].filter(Boolean).join('/');
    await step(0);
    if (!this.out) return console.log(`${id}: once`);
    let n = 1;
    const started = performance.now();
    while (performance.now() - started < this.warmUp * 1_000) await step(n++);
    const each = (performance.now() - started) / n;
    const steps = Math.max(1, Math.round((this.measure * 1_000) / SAMPLES / each));
    const times = [];
    for (let sample = 0; sample < SAMPLES; sample++) {
      const from = process.hrtime.bigint();
      for (let step_ = 0; step_ < steps; step_++) await step(n++);
      times.push(Number(process.hrtime.bigint() - from));
    }
    this.write(group, name, value, id, steps, times);
  }

  write(group, name, value, id, steps, times) {
    const each = times.map((time) => time / steps).sort((a, b) => a - b);
    const middle = median(each);
    // Between these ranks the median lies with 95 %.
    const reach = Math.round(0.98 * Math.sqrt(SAMPLES));
    const [lower_bound, upper_bound] = [each[SAMPLES / 2 - reach], each[SAMPLES / 2 + reach - 1]];
    const deviation = 1.4826 * median(each.map((one) => Math.abs(one - middle)).sort((a, b) => a - b));
    const interval = { confidence_level: 0.95, lower_bound, upper_bound };
    const estimate = (point_estimate) => ({ confidence_interval: interval, point_estimate });
    const parts = [group, name, value].filter(Boolean).map((part) => part.replaceAll('/', '_'));
    const directory = join(this.out, ...parts, 'new');
    mkdirSync(directory, { recursive: true });
    const file = (name, value) => writeFileSync(join(directory, name), JSON.stringify(value));
    file('benchmark.json', { group_id: group, function_id: name, value_str: value ?? null, full_id: id });
    file('estimates.json', { median: estimate(middle), median_abs_dev: estimate(deviation) });
    file('sample.json', { sampling_mode: 'Flat', iters: times.map(() => steps), times });
    const us = (time) => `${(time / 1_000).toPrecision(4)} us`;
    console.log(`${id.padEnd(45)} time: [${us(lower_bound)} ${us(middle)} ${us(upper_bound)}]`);
  }
}

function median(sorted) {
  const half = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(half)] : (sorted[half - 1] + sorted[half]) / 2;
}
