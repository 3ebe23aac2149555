/**
 * What the widgets say in Chinese; in English they say the keys. `%1` and `%2` are filled in.
 *
 * @type {Record<string, string>}
 */
export const CHINESE = {
  Log: '日志',
  Ranks: 'Rank',
  'All ranks': '全部 Rank',
  'Rank %1': 'Rank %1',
  'Search the log': '搜索日志',
  'Older match': '上一处（较早）',
  'Newer match': '下一处（较新）',
  '%1 of %2': '%1 / %2',
  Wrap: '自动换行',
  Pause: '暂停',
  Resume: '继续',
  'Resume (%1 new)': '继续（%1 行新内容）',
  Download: '下载',
  '%1 earlier lines are not shown.': '有 %1 行更早的内容未显示。',
  'Read them': '读取',
  Running: '运行中',
  Pending: '等待中',
  Starting: '启动中',
  Stopping: '停止中',
  Suspended: '已挂起',
  Succeeded: '成功',
  Failed: '失败',
  Stopped: '已停止',
  Stop: '停止',
  'Stop it?': '确定停止？',
  Start: '启动',
  Open: '打开',
  Cancel: '取消',
  'Delete it?': '确定删除？',
  TensorBoard: 'TensorBoard',
  Progress: '进度',
  'No progress for %1': '已 %1 无进展',
  Rank: 'Rank',
  Phase: '阶段',
  Node: '节点',
  Message: '消息',
  'Attempt %1 of %2': '第 %1 次尝试，共 %2 次',
  'step %1 of %2': '第 %1 步，共 %2 步',
  'step %1': '第 %1 步',
  'epoch %1 of %2': '第 %1 轮，共 %2 轮',
  'epoch %1': '第 %1 轮',
  '%1 steps/s': '%1 步/秒',
  '%1 left': '剩余 %1',
  'cell %1': '单元格 %1',
  'line %1': '第 %1 行',
  'The kernel tells no more of it; it is asked of the server every few seconds.':
    '内核不再报告，改为每隔几秒向服务器查询。',
  'This is the last state known: the kernel tells no more of it.':
    '这是最后已知的状态：内核不再报告。',
  'It is no longer there; this is how it was seen last.':
    '它已不存在，这是最后一次看到的状态。',
  'The page reaches no TrainHub server, so the kernel is asked; it answers when its cell is done.':
    '此页面连不上 TrainHub 服务器，已转而请求内核；它在当前单元格结束后才会应答。',
  'TensorBoard is starting…': 'TensorBoard 正在启动…',
  'TensorBoard did not start': 'TensorBoard 未能启动',
  'Start again': '重新启动',
  'Add runs': '添加运行',
  Add: '添加',
  'Folder to add': '要添加的文件夹',
  'FOLDER or NAME:FOLDER': '文件夹 或 名称:文件夹',
  'Show it nevertheless': '仍然显示',
  'There is nothing to show yet; it appears by itself.':
    '目前没有可显示的内容；出现后会自动显示。',
  'This page reaches no Jupyter server. TensorBoard is at %1':
    '此页面连不上 Jupyter 服务器。TensorBoard 的地址是 %1',
  'It is no longer there; run the cell again to start another one.':
    '它已不存在；重新运行此单元格可再启动一个。',
  'Memory: %1': '内存：%1',
  'Memory: %1 of %2': '内存：%1，上限 %2',
  'Open in a new tab': '在新标签页中打开',
  CPU: 'CPU',
  Memory: '内存',
  GPU: 'GPU',
  '%1 of %2 in use': '已用 %1，共 %2',
  'not ready': '未就绪',
  'The cluster has no nodes.': '集群没有节点。'
};

/**
 * A text in the language of the page, with what stands for `%1` and `%2`.
 *
 * @param {string} text
 * @param {...(string | number)} values
 * @returns {string}
 */
export function say(text, ...values) {
  const isChinese = /^zh\b/i.test(document.documentElement.lang);
  const words = isChinese ? (CHINESE[text] ?? text) : text;
  return words.replace(/%(\d)/g, (_, number) => String(values[number - 1]));
}
