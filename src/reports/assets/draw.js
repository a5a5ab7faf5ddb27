/* Draws the charts of a page from the tables written beside them. Each figure carries its data as JSON:
   {kind, columns, rows, x, ys, …}; nothing is computed here but where a bar begins. */
(function () {
  'use strict';
  // Okabe and Ito's colours, told apart by people who see no red or no green
  var COLOURS = ['#0072B2', '#E69F00', '#009E73', '#CC79A7', '#56B4E9', '#D55E00', '#8C8C00', '#000000'];
  var UP = '#0072B2', DOWN = '#D55E00', WHOLE = '#7F7F7F';
  var zh = document.documentElement.lang.indexOf('zh') === 0;
  var drawn = [];

  function column(data, at) { return data.rows.map(function (row) { return row[at]; }); }
  function number(value) {
    if (value === null || value === undefined || value === '') return '';
    return typeof value === 'number' ? value.toLocaleString(zh ? 'zh-CN' : 'en-GB', { maximumFractionDigits: 6 }) : value;
  }
  function short(value) {
    var size = Math.abs(value);
    if (zh && size >= 1e8) return value / 1e8 + '亿';
    if (zh && size >= 1e4) return value / 1e4 + '万';
    if (!zh && size >= 1e9) return value / 1e9 + 'bn';
    if (!zh && size >= 1e6) return value / 1e6 + 'm';
    if (!zh && size >= 1e3) return value / 1e3 + 'k';
    return String(Math.round(value * 1e6) / 1e6);
  }
  function values(name, more) {
    return Object.assign({ type: 'value', scale: true, name: name, nameLocation: 'middle', nameGap: 46,
      axisLabel: { formatter: short, hideOverlap: true } }, more);
  }
  function words(data, at, more) {
    return Object.assign({ type: 'category', data: column(data, at).map(String),
      axisLabel: { hideOverlap: true, overflow: 'truncate', width: 110 } }, more);
  }
  // names that stand beside bars have room as the page has
  function beside(data, at, more) {
    var option = words(data, at, Object.assign({ inverse: true }, more));
    option.axisLabel.width = Math.max(100, Math.min(260, document.body.clientWidth * 0.26));
    return option;
  }
  function base(data) {
    return { color: COLOURS, animation: false, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 16, right: 24, top: 44, bottom: 28, containLabel: true },
      legend: { type: 'scroll', top: 4 }, aria: { enabled: true, decal: { show: false } },
      tooltip: { confine: true, trigger: 'axis', valueFormatter: number } };
  }
  // a slider where there are more rows than can be read at once
  function zoomed(option, data, most, lying) {
    if (data.rows.length <= most) return option;
    var last = Math.round(100 * most / data.rows.length);
    option.dataZoom = [{ type: 'slider', start: 0, end: last, brushSelect: false },
      { type: 'inside', start: 0, end: last, zoomOnMouseWheel: 'ctrl' }];
    option.dataZoom.forEach(function (zoom) { zoom[lying ? 'yAxisIndex' : 'xAxisIndex'] = 0; });
    if (lying) { option.dataZoom[0].right = 4; option.grid.right = 48; } else { option.grid.bottom = 56; }
    return option;
  }

  var KINDS = {
    bars: function (data) {
      var option = base(data), lying = data.lying;
      option.tooltip.axisPointer = { type: 'shadow' };
      var names = lying ? beside(data, data.x) : words(data, data.x, {});
      var amounts = values('', { scale: false });
      option.xAxis = lying ? amounts : names;
      option.yAxis = lying ? names : amounts;
      option.series = data.ys.map(function (at) {
        return { type: 'bar', name: data.columns[at], data: column(data, at), stack: data.stacked ? 'all' : undefined,
          barMaxWidth: 36 };
      });
      return zoomed(option, data, lying ? 24 : 40, lying);
    },
    lines: function (data) {
      var option = base(data), numeric = data.rows.every(function (row) { return typeof row[data.x] === 'number'; });
      option.xAxis = numeric ? values(data.columns[data.x], { nameGap: 28 }) : words(data, data.x, { boundaryGap: false });
      option.yAxis = values('');
      if (!numeric) option.xAxis.data = Array.from(new Set(option.xAxis.data));
      function line(name, at, rows) {
        return { type: 'line', name: name, showSymbol: rows.length <= 40, connectNulls: false,
          step: data.steps ? 'end' : undefined,
          data: rows.map(function (row) { return [numeric ? row[data.x] : String(row[data.x]), row[at]]; }) };
      }
      option.series = data.by === undefined
        ? data.ys.map(function (at) { return line(data.columns[at], at, data.rows); })
        : data.names.map(function (pair) {
          return line(pair[1], data.ys[0], data.rows.filter(function (row) { return String(row[data.by]) === pair[0]; }));
        });
      if (data.diagonal) {
        option.series.push({ type: 'line', name: '=', data: [[0, 0], [1, 1]], showSymbol: false, silent: true, color: '#000',
          lineStyle: { color: '#000', type: 'dashed', width: 1 } });
      }
      if (numeric) option.grid.bottom = 44;
      return option;
    },
    dots: function (data) {
      var option = base(data);
      option.tooltip.axisPointer = { type: 'shadow' };
      option.xAxis = values('');
      option.yAxis = beside(data, data.x, { splitLine: { show: true } });
      option.series = data.ys.map(function (at, nth) {
        return { type: 'scatter', name: data.columns[at], data: data.rows.map(function (row, place) { return [row[at], place]; }),
          symbol: ['circle', 'rect', 'triangle', 'diamond', 'roundRect', 'pin', 'arrow', 'circle'][nth % 8], symbolSize: 9,
          itemStyle: { opacity: 0.8 } };
      });
      if (data.level !== undefined && option.series.length) {
        option.series[0].markLine = { symbol: 'none', silent: true, precision: 12, label: { show: false },
          lineStyle: { color: '#000', type: 'solid' }, data: [{ xAxis: data.level }] };
      }
      option.tooltip.trigger = 'item';
      option.tooltip.formatter = function (point) {
        var row = data.rows[point.value[1]];
        return [text(row[data.x])].concat(data.ys.map(function (at) {
          return text(data.columns[at]) + ': ' + text(number(row[at]));
        })).join('<br>');
      };
      return zoomed(option, data, 24, true);
    },
    fan: function (data) {
      var option = base(data), shades = ['rgba(0,114,178,.18)', 'rgba(0,114,178,.30)', 'rgba(0,114,178,.42)'];
      option.xAxis = words(data, data.x, { boundaryGap: false });
      option.yAxis = values('');
      option.series = [];
      data.bands.forEach(function (band, nth) {
        var name = data.columns[band[0]] + ' – ' + data.columns[band[1]];
        option.series.push({ type: 'line', name: name, stack: 'band' + nth, symbol: 'none', lineStyle: { opacity: 0 },
          data: column(data, band[0]), tooltip: { show: false }, silent: true });
        option.series.push({ type: 'line', name: name, stack: 'band' + nth, symbol: 'none', lineStyle: { opacity: 0 },
          stackStrategy: 'all', areaStyle: { color: shades[nth % 3], opacity: 1 }, color: shades[nth % 3], silent: true,
          data: data.rows.map(function (row) {
            return row[band[0]] === null || row[band[1]] === null ? null : row[band[1]] - row[band[0]];
          }), tooltip: { show: false } });
      });
      data.ys.forEach(function (at, nth) {
        option.series.push({ type: 'line', name: data.columns[at], data: column(data, at), color: nth ? COLOURS[5] : '#00334F',
          symbol: 'circle', symbolSize: 5, lineStyle: { width: 2.5 } });
      });
      option.legend.data = data.ys.map(function (at) { return data.columns[at]; });
      data.bands.forEach(function (band, nth) {
        option.legend.data.push({ name: data.columns[band[0]] + ' – ' + data.columns[band[1]],
          icon: 'rect', itemStyle: { color: shades[nth % 3], opacity: 1 } });
      });
      option.tooltip.formatter = function (points) {
        var row = data.rows[points[0].dataIndex];
        return row.map(function (cell, at) { return text(data.columns[at]) + ': ' + text(number(cell)); }).join('<br>');
      };
      return option;
    },
    waterfall: function (data) {
      var option = base(data), change = data.ys[0], total = data.ys[1], hidden = [], up = [], down = [], whole = [];
      data.rows.forEach(function (row) {
        var whole_bar = row[change] === null, end = row[total], from = whole_bar ? 0 : end - row[change];
        hidden.push(whole_bar ? 0 : Math.min(from, end));
        whole.push(whole_bar ? end : null);
        up.push(!whole_bar && row[change] >= 0 ? row[change] : null);
        down.push(!whole_bar && row[change] < 0 ? -row[change] : null);
      });
      option.legend.show = false;
      option.xAxis = words(data, data.x);
      var least = Math.min.apply(null, column(data, total)), most = Math.max.apply(null, column(data, total));
      var room = (most - least) * 2 || Math.abs(most) || 1;
      // the foot is cut away, or steps of a thousandth would not be seen; the axis shows where it begins
      var foot = data.whole_axis || least - room < 0 ? 0 : least - room;
      option.yAxis = values('', { scale: false, min: foot });
      option.yAxis.axisLabel.showMinLabel = foot === 0;
      function bar(name, list, colour) {
        return { type: 'bar', name: name, stack: 'all', data: list, itemStyle: { color: colour }, barMaxWidth: 60 };
      }
      option.series = [{ type: 'bar', stack: 'all', data: hidden, itemStyle: { color: 'transparent' }, silent: true },
        bar(data.columns[total], whole, WHOLE), bar('+', up, UP), bar('−', down, DOWN)];
      option.tooltip.formatter = function (points) {
        var row = data.rows[points[0].dataIndex];
        return [text(row[data.x])].concat([change, total].map(function (at) {
          return text(data.columns[at]) + ': ' + text(number(row[at]));
        })).join('<br>');
      };
      return option;
    },
    tornado: function (data) {
      var option = base(data), low = data.ys[0], high = data.ys[1], middle = data.base;
      option.xAxis = values('', {});
      option.yAxis = beside(data, data.x);
      option.tooltip.axisPointer = { type: 'shadow' };
      function side(at, colour) {
        return { type: 'custom', name: data.columns[at], itemStyle: { color: colour }, encode: { x: [1, 2], y: 0 },
          renderItem: function (params, api) {
            var from = api.coord([api.value(1), api.value(0)]), to = api.coord([api.value(2), api.value(0)]);
            var height = Math.min(api.size([0, 1])[1] * 0.6, 28);
            return { type: 'rect', style: { fill: colour },
              shape: { x: Math.min(from[0], to[0]), y: from[1] - height / 2, width: Math.abs(to[0] - from[0]), height: height } };
          },
          data: data.rows.map(function (row, nth) { return [nth, middle, row[at]]; }) };
      }
      option.series = [side(low, DOWN), side(high, UP)];
      // the caption says where the line stands
      option.series[0].markLine = { symbol: 'none', silent: true, precision: 12, lineStyle: { color: '#000', type: 'solid' },
        label: { show: false }, data: [{ xAxis: middle }] };
      option.tooltip.formatter = function (points) {
        var row = data.rows[points[0].data[0]];
        return row.map(function (cell, at) { return text(data.columns[at]) + ': ' + text(number(cell)); }).join('<br>');
      };
      return option;
    },
    heat: function (data) {
      var option = base(data), y = data.ys[0], value = data.ys[1];
      function steps(at) {
        return Array.from(new Set(column(data, at))).sort(function (a, b) { return a - b; });
      }
      var xs = steps(data.x), ys = steps(y), all = column(data, value).filter(function (v) { return v !== null; });
      function half(list) { return list.length < 2 ? 0.5 : (list[1] - list[0]) / 2; }
      var dx = half(xs), dy = half(ys);
      option.legend.show = false;
      option.tooltip = { confine: true, trigger: 'item', formatter: function (point) {
        return [data.x, y, value].map(function (at, nth) {
          return text(data.columns[at]) + ': ' + text(number(point.value[nth]));
        }).join('<br>');
      } };
      option.xAxis = values(data.columns[data.x], { min: xs[0] - dx, max: xs[xs.length - 1] + dx, nameGap: 28 });
      option.yAxis = values(data.columns[y], { min: ys[0] - dy, max: ys[ys.length - 1] + dy });
      option.grid = { left: 28, right: 96, top: 16, bottom: 44, containLabel: true };
      option.visualMap = { min: Math.min.apply(null, all), max: Math.max.apply(null, all), dimension: 2, seriesIndex: 0,
        right: 0, top: 'middle', calculable: true, itemHeight: 160, textGap: 4, textStyle: { fontSize: 11 },
        formatter: function (v) { return short(Number(v.toPrecision(5))); },
        inRange: { color: ['#D55E00', '#F7E3CF', '#0072B2'] } };
      option.series = [{ type: 'custom', name: data.columns[value], encode: { x: 0, y: 1, tooltip: 2 },
        renderItem: function (params, api) {
          var low = api.coord([api.value(0) - dx, api.value(1) - dy]), high = api.coord([api.value(0) + dx, api.value(1) + dy]);
          return { type: 'rect', style: { fill: api.visual('color'), stroke: '#fff', lineWidth: 0.5 },
            shape: { x: low[0], y: high[1], width: high[0] - low[0], height: low[1] - high[1] } };
        },
        data: data.rows.map(function (row) { return [row[data.x], row[y], row[value]]; }) }];
      if (data.over) {
        option.series.push({ type: 'line', name: data.over_name, data: data.over, symbol: 'none', silent: true,
          lineStyle: { color: '#000', width: 2.5 }, color: '#000' });
      }
      return option;
    },
    flow: function (data) {
      var option = base(data), to = data.ys[0], count = data.ys[1], names = {}, nodes = [];
      function node(name, side) {
        var id = side + String(name);
        if (!names[id]) { names[id] = true; nodes.push({ name: id, depth: side === 'a' ? 0 : 1 }); }
        return id;
      }
      var links = data.rows.map(function (row) {
        return { source: node(row[data.x], 'a'), target: node(row[to], 'b'), value: row[count] };
      });
      option.legend.show = false;
      option.tooltip = { confine: true, trigger: 'item', formatter: function (point) {
        if (point.dataType === 'node') return text(point.name.slice(1)) + ': ' + text(number(point.value));
        return text(point.data.source.slice(1)) + ' → ' + text(point.data.target.slice(1)) + ': ' + text(number(point.value));
      } };
      option.series = [{ type: 'sankey', data: nodes, links: links, left: 8, right: 90, top: 12, bottom: 12, nodeGap: 6,
        label: { formatter: function (point) { return point.name.slice(1); } },
        lineStyle: { color: 'source', opacity: 0.35 }, emphasis: { focus: 'adjacency' } }];
      return option;
    },
    points: function (data) {
      var option = base(data), y = data.ys[0], size = data.ys[1], most = 1;
      if (size !== undefined) most = Math.max.apply(null, column(data, size).concat([1]));
      option.legend.show = false;
      option.tooltip = { confine: true, trigger: 'item', formatter: function (point) {
        return data.rows[point.dataIndex].map(function (cell, at) {
          return text(data.columns[at]) + ': ' + text(number(cell));
        }).join('<br>');
      } };
      option.xAxis = values(data.columns[data.x], { nameGap: 28 });
      option.yAxis = values(data.columns[y], {});
      option.grid.bottom = 44;
      option.grid.left = 28;
      option.series = [{ type: 'scatter', data: data.rows.map(function (row) { return [row[data.x], row[y]]; }),
        symbolSize: function (value, point) {
          return size === undefined ? 8 : 5 + 27 * Math.sqrt(Math.max(0, data.rows[point.dataIndex][size]) / most);
        }, itemStyle: { opacity: 0.65 } }];
      if (data.level !== undefined) {
        option.series[0].markLine = { symbol: 'none', silent: true, precision: 12, lineStyle: { color: '#000' }, data: [{ yAxis: data.level }],
          label: { formatter: short(data.level) } };
      }
      if (data.over) {
        option.series.push({ type: 'line', name: data.over_name, data: data.over.map(function (step) { return step || [null, null]; }),
          symbol: 'none', silent: true, connectNulls: false, lineStyle: { color: '#000', width: 2 }, color: '#000' });
      }
      return option;
    }
  };

  function text(value) {
    return String(value === null || value === undefined ? '' : value).replace(/[&<>"]/g, function (sign) {
      return { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }[sign];
    });
  }
  function height(data) {
    if ((data.kind === 'bars' && data.lying) || data.kind === 'tornado' || data.kind === 'dots') {
      return Math.min(640, Math.max(200, 90 + 24 * Math.min(data.rows.length, 24)));
    }
    return data.kind === 'flow' ? 520 : 360;
  }

  // words of the column across under the names the page has for them
  function renamed(data) {
    (data.words || []).forEach(function (pair) {
      data.rows.forEach(function (row) { if (String(row[data.x]) === pair[0]) row[data.x] = pair[1]; });
    });
    return data;
  }
  Array.prototype.forEach.call(document.querySelectorAll('figure[data-chart]'), function (figure) {
    var data = renamed(JSON.parse(figure.querySelector('script').textContent)), place = figure.querySelector('.chart');
    place.style.height = height(data) + 'px';
    var chart = echarts.init(place, null, { renderer: 'svg' });
    chart.setOption(KINDS[data.kind](data));
    drawn.push(chart);
  });
  function resize() { drawn.forEach(function (chart) { chart.resize(); }); }
  window.addEventListener('resize', resize);
  window.addEventListener('beforeprint', resize);
  window.matchMedia('print').addEventListener('change', resize);
  var patterns = document.getElementById('patterns');
  if (patterns) patterns.addEventListener('click', function () {
    var on = patterns.getAttribute('aria-pressed') !== 'true';
    patterns.setAttribute('aria-pressed', String(on));
    drawn.forEach(function (chart) { chart.setOption({ aria: { decal: { show: on } } }); });
  });
  var tables = document.getElementById('tables');
  if (tables) tables.addEventListener('click', function () {
    var on = tables.getAttribute('aria-pressed') !== 'true';
    tables.setAttribute('aria-pressed', String(on));
    Array.prototype.forEach.call(document.querySelectorAll('details'), function (one) { one.open = on; });
  });
  document.body.setAttribute('data-drawn', String(drawn.length));
})();
