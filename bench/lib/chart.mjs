import { init } from 'echarts';

const ROW_PIXELS = 30;
const MARGIN = { left: 190, right: 110, top: 76, bottom: 44 };
const WIDTH = 900;
const PORTAL = '#2563eb';
const MUST = '#dc2626';
const WANTED = '#16a34a';
const INK = '#1f2937';

/** An SVG of the ratios of `results` (of `measureRow`): a bar from the peer, which is 1, for each row that has a target. */
export function chart(results) {
  const rows = results.filter(({ ratio, must }) => ratio !== undefined && must !== undefined).toReversed();
  const height = MARGIN.top + MARGIN.bottom + rows.length * ROW_PIXELS;
  const image = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  image.setOption(optionOf(rows));
  const svg = image.renderToSVGString();
  image.dispose();
  return svg;
}

function optionOf(rows) {
  const marks = (name, color, pick) => ({
    name,
    type: 'scatter',
    symbol: 'rect',
    symbolSize: [3, ROW_PIXELS - 8],
    itemStyle: { color },
    z: 3,
    data: rows.flatMap((row, index) => (pick(row) === undefined ? [] : [[pick(row), index]])),
  });
  return {
    animation: false,
    backgroundColor: '#ffffff',
    title: {
      text: 'Portal in relation to its peer, which is 1: the further left, the better',
      left: 'center',
      top: 10,
      textStyle: { fontSize: 15, color: INK },
    },
    legend: { top: 38, itemGap: 40, itemWidth: 14, textStyle: { color: INK } },
    grid: { ...MARGIN },
    xAxis: {
      type: 'log',
      min: 0.01,
      max: 2,
      axisLabel: { color: INK },
      minorSplitLine: { show: true, lineStyle: { color: '#f3f4f6' } },
    },
    yAxis: {
      type: 'category',
      data: rows.map(({ name }) => name),
      axisTick: { show: false },
      axisLabel: { color: INK },
    },
    series: [
      {
        name: 'Portal / peer',
        type: 'bar',
        barWidth: ROW_PIXELS - 14,
        itemStyle: { color: PORTAL },
        label: {
          show: true,
          position: 'right',
          color: INK,
          formatter: ({ dataIndex }) => `${rows[dataIndex].ratio.toPrecision(2)} × ${rows[dataIndex].peer.server}`,
        },
        data: rows.map(({ ratio }) => ratio),
      },
      marks('must be at most', MUST, ({ must }) => must),
      marks('wanted', WANTED, ({ wanted }) => wanted),
    ],
  };
}
