import { nullTranslator } from '@jupyterlab/translation';
import { ServerSentences } from '../serverSentences';
import { loadChinese } from './catalogue';

describe('ServerSentences', () => {
  let chinese: ServerSentences;

  beforeAll(async () => {
    chinese = new ServerSentences(await loadChinese());
  });

  it.each([
    ["There is no image 'a/b:1'.", "没有镜像 'a/b:1'。"],
    ['there is no instance ada', '没有实例 ada'],
    [
      'It needs 4 CPUs, no node has more than 2. Nodes are closed for maintenance.',
      '需要 4 CPUs，单个节点最多只有 2。节点正在维护。'
    ],
    [
      'It needs 8Gi of memory; 2 of 3 nodes have not that much free.',
      '需要 8Gi 内存，3 个节点中的 2 个空闲不足。'
    ],
    [
      'No room is free now; 1 of 2 nodes would have it once others stop.',
      '现在没有空闲资源，其他程序停止后2 个节点中的 1 个可以容纳。'
    ],
    [
      '4 CPUs for one pod, the largest node has 2 CPUs',
      '单个 pod 需要 4 CPU，最大的节点只有 2 CPU'
    ],
    [
      'Nothing has run in it since 10:21 UTC on 3 May: kernels idle, 0.1 % CPU; it stops at 11:21 UTC unless you extend.',
      '自 5 月 3 日 10:21 UTC 起没有运行任何程序：内核空闲、CPU 0.1 %；如不延长，将于 11:21 UTC 停止。'
    ],
    [
      'It ended with exit code 1. Its last line: Oops. Bad',
      '程序已结束，退出码 1。最后一行输出：Oops. Bad'
    ],
    [
      'It used more memory than its limit of 2Gi. It was started 3 times.',
      '内存用量超过了限制（2Gi）。已启动 3 次。'
    ],
    [
      'It waits for a node. 1 of 2 nodes run.',
      '正在等待节点。2 个节点中已有 1 个在运行。'
    ],
    ["Input should be 'single' or 'pytorch'", "应为 'single'、'pytorch'"],
    [
      '127.0.0.1:5000/ada/desk: the registry has no space left',
      '127.0.0.1:5000/ada/desk：镜像仓库没有剩余空间'
    ],
    [
      "r.example/ada: the registry does not accept the password of 'ada'. Ask the registry's administrator.",
      "r.example/ada：镜像仓库不接受 'ada' 的密码。请联系镜像仓库管理员。"
    ],
    [
      'Save instance desk as r.example/desk:1: this is under way, begun by ada at 10:21 UTC on 3 May',
      '将实例 desk 保存为 r.example/desk:1：正在进行，由 ada 于 5 月 3 日 10:21 UTC 开始'
    ],
    ['The settings of sshd allow keys only.', 'sshd 的设置只允许使用密钥。'],
    [
      '/a/b.tar is damaged between byte 1 and byte 9: these should be sha256:1, and are sha256:2',
      '/a/b.tar 在第 1 至 9 字节之间损坏：应为 sha256:1，实际为 sha256:2'
    ],
    [
      "line 3: input() waits for a keyboard, and a job has none. Use a cell tagged 'parameters' or an environment variable, or tag the cell trainhub-skip.",
      '第 3 行：input() 等待键盘输入，而任务没有键盘。请用带标签 parameters 的单元格或环境变量，或给单元格加上标签 trainhub-skip。'
    ],
    [
      'line 1: %%bash is a shell script, which jobs do not run. Use subprocess.run, prepare it in the image, or tag the cell trainhub-skip.',
      '第 1 行：%%bash 是 shell 脚本，任务不会运行它。请用 subprocess.run，或在镜像中准备好，或给单元格加上标签 trainhub-skip。'
    ],
    [
      'ls is a command of IPython without its %. Write %ls, or tag the cell trainhub-skip.',
      'ls 是省略了 % 的 IPython 命令。请写成 %ls，或给单元格加上标签 trainhub-skip。'
    ],
    [
      'lib/net.py is imported, but does not travel with the job: .trainhubignore leaves it out. Remove it there, or the import.',
      'lib/net.py 被导入，却不随任务一起发送：.trainhubignore 排除了它。请从其中删去，或去掉该导入。'
    ],
    ['What the cluster alone knows: 0/1.', 'What the cluster alone knows: 0/1.']
  ])('says %j', (english, told) => {
    expect(chinese.translate(english)).toBe(told);
  });

  it('tells what Kubernetes says where there is no exception', () => {
    const killed = {
      etype: 'OOMKilled',
      reason: 'OOMKilled',
      message: 'It used more memory than its limit of 2 GiB while cell 3 ran.'
    };
    expect(chinese.localize({ root: killed }).root.message).toBe(
      '内存用量超过了限制（2 GiB）（单元格 3 运行时）。'
    );
  });

  it("leaves what users wrote, and Kubernetes' own words", () => {
    const answer = {
      message: 'It waits for a node.',
      spec: { description: 'Wait.', env: { message: 'Wait.' } },
      details: 'Wait.',
      error: { message: 'Wait.' },
      folders: [{ path: '/', title: 'Everything else', source: null }],
      blockers: [{ node: 'a', reasons: ['is cordoned'] }]
    };
    expect(chinese.localize(answer)).toEqual({
      ...answer,
      message: '正在等待节点。',
      folders: [{ path: '/', title: '其他所有文件', source: null }],
      blockers: [{ node: 'a', reasons: ['已停止调度'] }]
    });
  });

  it('says why cells and files are left out, and leaves their text', () => {
    const cell = {
      reason:
        '%%time left out: its code runs untimed; !nvidia-smi -L left out: jobs run no shell commands',
      source: 'nothing to run'
    };
    const answer = {
      cells: [cell],
      left_out_files: [{ name: 'too large', reason: 'too large' }],
      reason: 'tagged x'
    };
    expect(chinese.localize(answer)).toEqual({
      ...answer,
      cells: [
        {
          ...cell,
          reason:
            '已去掉 %%time：其中的代码照常运行，不计时；已跳过 !nvidia-smi -L：任务不运行 shell 命令'
        }
      ],
      left_out_files: [{ name: 'too large', reason: '过大' }]
    });
  });

  it('tells of a failure, and leaves what its program said', () => {
    const root = { etype: 'OSError', message: 'Wait.', traceback: 'Wait.' };
    const silent = {
      etype: null,
      message:
        'exit code 137, killed (SIGKILL), most often because the memory limit was reached'
    };
    const hint = {
      title: 'The image has no module einops.',
      remedy:
        'Most often memory or shared memory is used up: ask for more, or use fewer workers. With num_workers=0 the error shows itself.',
      line: 'Wait.'
    };
    expect(chinese.localize({ root, others: [silent], hints: [hint] })).toEqual(
      {
        root,
        others: [
          {
            etype: null,
            message: '退出码 137，被终止（SIGKILL），多半是达到了内存限制'
          }
        ],
        hints: [
          {
            title: '镜像中没有模块 einops。',
            remedy:
              '多半是内存或共享内存已用尽：请申请更多，或减少 worker。设 num_workers=0 可看到错误本身。',
            line: 'Wait.'
          }
        ]
      }
    );
  });

  it.each([
    [
      'Rank 1: cell 3, line 2: ValueError: no data',
      'Rank 1：单元格 3 第 2 行：ValueError: no data'
    ],
    [
      "The installation by 'python -m pip install x' failed:\nERROR: No matching distribution found for x",
      "'python -m pip install x' 安装失败：\nERROR: No matching distribution found for x"
    ],
    [
      'Rank 3, 5 stood elsewhere than the others.',
      'Rank 3、5 停在与其他 rank 不同的地方。'
    ]
  ])('says how a job ended: %s', (english, told) => {
    expect(chinese.translate(english)).toBe(told);
  });

  it('leaves a text alone that no server writes', () => {
    const text = 'It ended: a, b: '.repeat(5000);
    expect(chinese.translate(text)).toBe(text);
  });

  it('costs nothing in English', () => {
    const english = new ServerSentences(
      nullTranslator.load('jupyter_trainhub')
    );
    const answer = { message: 'Wait.' };
    expect(english.localize(answer)).toBe(answer);
  });
});
