"""TrainHub in Simplified Chinese, as JupyterLab shows it with its language pack."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from examples.headless_jupyterlab import JupyterLab
from tests.browser.conftest import finish
from tests.browser.trainhub_page import INSTANCE_MILLISECONDS, JOB_MILLISECONDS, TrainHubPage

LANGUAGE = "lab/api/settings/@jupyterlab/translation-extension:plugin"

# What is written the same in Chinese: names, values and signs, but no English sentence. Lumino
# names the sections of a side panel in English.
SAME = re.compile(
    r"(?i)[^a-z]*|TrainHub|TensorBoard…?|Lab|IDE|SSH|Pod|Shell|YAML|PuTTY|[CG]PU|NFS|Home|Small|Huge|host"
    r"|TensorBoard Section|auto|image|\S*[/_.:=\d]\S*"
    r"|[\d. /·]*([KMG]iB?|B|[CG]PU|\d)[\d. /·]*"
)
# All words of an element that a person sees, points at or hears.
WORDS = """element => {
  const words = element.innerText.split('\\n');
  for (const inner of element.querySelectorAll('[aria-label], [title], [placeholder]')) {
    for (const name of ['aria-label', 'title', 'placeholder']) {
      words.push(inner.getAttribute(name) ?? '');
    }
  }
  return words.flatMap(line => line.split('\\t')).map(word => word.trim());
}"""


@pytest.fixture
def chinese(lab: JupyterLab) -> Iterator[None]:
    """Simplified Chinese as the user's language; the default again afterwards."""
    finish(lab.request("PUT", LANGUAGE, {"raw": '{"locale": "zh_CN"}'}))
    yield
    finish(lab.request("PUT", LANGUAGE, {"raw": "{}"}))


def left_in_english(element: Locator) -> list[str]:
    """The words of an element that hold no Chinese although they are no names."""
    words = set(element.evaluate(WORDS)) - {platform.node()}
    return sorted(
        word for word in words if not re.search("[一-鿿]", word) and not SAME.fullmatch(word)
    )


def test_panel_form_and_tab_are_chinese(page: Page, lab: JupyterLab, chinese: None) -> None:
    trainhub = TrainHubPage(page, lab)
    trainhub.open()
    panel = trainhub.show_panel()
    expect(panel.get_by_role("button", name="新建实例…")).to_be_visible()
    expect(panel.locator("[data-trainhub-section]").first).to_be_visible()
    panel.get_by_role("button", name="新建实例…").click()
    form = trainhub.form("instance")
    expect(form.get_by_role("button", name="创建实例")).to_be_visible()

    # What the server says of a size is Chinese, too.
    trainhub.fill(form, name="Zh_1")
    form.get_by_role("radio", name="Huge").check()
    fit = form.get_by_role("region", name="资源是否足够")
    expect(fit.locator("[data-verdict]")).to_have_attribute("data-verdict", "never")
    expect(fit).to_contain_text("单个 pod 需要 500 CPU")
    form.get_by_text("更多设置").click()
    trainhub.keep("chinese-form")
    assert left_in_english(form) == []
    assert left_in_english(panel) == []

    # Why it waits: no registry has such an image.
    form.get_by_role("radio", name="Small").check()
    trainhub.fill(form, image="localhost:1/no/such:1")
    trainhub.send(form)
    tab = trainhub.instance_tab("Zh_1")
    expect(tab).to_contain_text("镜像", timeout=INSTANCE_MILLISECONDS)
    expect(tab.get_by_text("localhost:1/no/such:1").first).to_be_visible(
        timeout=INSTANCE_MILLISECONDS
    )
    trainhub.keep("chinese-waiting")
    assert left_in_english(tab) == []
    tab.get_by_role("button", name="取消").first.click()
    trainhub.expect_instance("Zh_1", "Stopped")
    trainhub.keep("chinese-stopped")
    tab.get_by_role("tab", name="概览", exact=True).click()
    expect(tab.get_by_text("哪些文件会保留")).to_be_visible()
    trainhub.keep("chinese-overview")
    # Beside them stand the events, in Kubernetes' own words.
    for part in ("header", ".jp-TrainHub-folders", ".jp-TrainHub-specTable"):
        assert left_in_english(tab.locator(part).first) == []
    finish(lab.request("DELETE", "trainhub/api/instances/Zh_1"))


def test_images_are_chinese(page: Page, lab: JupyterLab, chinese: None) -> None:
    trainhub = TrainHubPage(page, lab)
    trainhub.open()
    panel = trainhub.show_panel()
    dialog = page.get_by_role("dialog")
    # Why the server refuses an archive, and what would do.
    panel.get_by_role("button", name="加载归档文件…").click()
    dialog.locator("input").first.fill("/no/such.tar")
    dialog.get_by_role("button", name="加载", exact=True).click()
    expect(dialog).to_contain_text("'/no/such.tar' 不在允许的文件夹内。")
    assert left_in_english(dialog) == []
    dialog.get_by_role("button", name="取消").click()
    # What a registry fails with.
    panel.get_by_role("button", name="从镜像仓库复制…").click()
    dialog.locator("input").nth(0).fill("127.0.0.1:1/no/such:1")
    dialog.locator("input").nth(1).fill("such:1")
    dialog.get_by_role("button", name="复制", exact=True).click()
    expect(dialog).to_contain_text("127.0.0.1:1 拒绝连接。", timeout=INSTANCE_MILLISECONDS)
    assert left_in_english(dialog) == []
    dialog.get_by_role("button", name="取消").click()

    panel.get_by_role("button", name="在标签页中显示所有镜像").click()
    images = page.locator(".jp-TrainHub-imagesPage:visible")
    images.get_by_role("button", name="host:latest", exact=True).click()
    assert left_in_english(images) == []
    images.get_by_role("tab", name="检查").click()
    images.get_by_role("button", name="检查此镜像").click()
    checked = images.get_by_role("list", name="镜像中有什么")
    expect(checked).to_contain_text("SSH 服务器", timeout=INSTANCE_MILLISECONDS)
    trainhub.keep("chinese-images")


def test_job_page_is_chinese(page: Page, lab: JupyterLab, chinese: None) -> None:
    spec = {"name": "zh-1", "command": ["no-such-program"], "cpus": 0.1, "memory": "128Mi"}
    finish(lab.request("POST", "trainhub/api/jobs", {"spec": spec}))
    trainhub = TrainHubPage(page, lab)
    trainhub.open()
    page.evaluate("name => window.jupyterapp.commands.execute('trainhub:open-job', {name})", "zh-1")
    job = trainhub.job("zh-1")
    why = job.locator("header").get_by_text("找不到程序 no-such-program")
    expect(why).to_be_visible(timeout=JOB_MILLISECONDS)
    job.get_by_role("tab", name="概览", exact=True).click()
    history = job.get_by_role("table", name="历史")
    expect(history).to_contain_text("由 ada 提交。")
    expect(history).to_contain_text("已请求集群启动它。")
    trainhub.keep("chinese-job")
    assert left_in_english(job.get_by_role("tablist").first) == []
    finish(lab.request("DELETE", "trainhub/api/jobs/zh-1"))
