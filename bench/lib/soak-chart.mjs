import { init } from 'echarts';

const INK = '#1f2937';
const BLUE = '#2563eb';
const GREEN = '#16a34a';
const RED = '#dc2626';

/** An SVG of `samples`: the server's resident memory and the latencies over time. */
export function soakChart(samples, title) {
  const image = init(null, null, { renderer: 'svg', ssr: true, width: 900, height: 420 });
  image.setOption(optionOf(samples, title));
  const svg = image.renderToSVGString();
  image.dispose();
  return svg;
}

function optionOf(samples, title) {
  const line = (name, color, yAxisIndex, pick) => ({
    name,
    type: 'line',
    yAxisIndex,
    showSymbol: false,
    lineStyle: { width: 1.5 },
    color,
    data: samples.map((sample) => [sample.minutes, pick(sample)]),
  });
  const axis = (name) => ({ name, nameTextStyle: { color: INK }, axisLabel: { color: INK }, min: 0 });
  return {
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: title, left: 'center', top: 10, textStyle: { fontSize: 15, color: INK } },
    legend: { top: 38, itemGap: 40, textStyle: { color: INK } },
    grid: { left: 70, right: 70, top: 100, bottom: 50 },
    xAxis: { type: 'value', max: samples.at(-1).minutes, ...axis('minutes'), nameLocation: 'middle', nameGap: 28 },
    yAxis: [
      { type: 'value', ...axis('MiB') },
      { type: 'value', ...axis('ms'), splitLine: { show: false } },
    ],
    series: [
      line('resident memory of the server (MiB)', BLUE, 0, ({ residentBytes }) => residentBytes / 1024 / 1024),
      line('echo, median (ms)', GREEN, 1, ({ latest }) => latest.p50),
      line('echo, 99 % (ms)', RED, 1, ({ latest }) => latest.p99),
    ],
  };
}
