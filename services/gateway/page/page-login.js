// 登录
import { h, labelled } from './dom.js';
import { signIn } from './who.js';

export function openLogin(main, done) {
  const name = h('input', { name: 'name', autocomplete: 'username', required: true, autocapitalize: 'none', spellcheck: 'false' });
  const password = h('input', { name: 'password', type: 'password', autocomplete: 'current-password', required: true });
  const fault = h('p', { class: 'fault', role: 'alert' });
  const enter = h('button', { class: 'primary wide' }, '登录');
  const submit = async (event) => {
    event.preventDefault();
    enter.disabled = true;
    fault.textContent = '';
    try {
      await signIn(name.value.trim(), password.value);
      done();
    } catch (problem) {
      fault.textContent =
        problem.status === 429
          ? `尝试过多，请 ${problem.retryAfter || 60} 秒后再试。`
          : problem.status === 401 ? '用户名或密码不对。' : problem.message;
      password.select();
    } finally {
      enter.disabled = false;
    }
  };
  main.replaceChildren(
    h('form', { class: 'login panel', onsubmit: submit },
      h('h1', {}, '晋目'),
      h('p', { class: 'muted' }, '政府购买服务目录智能匹配与合规审查'),
      labelled('用户名', name), labelled('密码', password), fault, enter));
  name.focus();
}
