import {run,spawn} from "/work/main/dist/index.js";
import fs from 'node:fs';
const o={stateDir:"/tmp/xst"};
const show=(r)=>console.log(r.exitCode,r.signal,r.oomKilled,JSON.stringify(r.stdout),JSON.stringify(r.stderr).slice(0,500));
show(await run(['sh','-c','rm -rf /usr/share; ls /usr/share | head -3; rm -rf /etc; ls -d /etc; rmdir /srv; ls -d /srv; mkdir /srv/x'],{...o,cwd:'/'}));
for (let i=0;i<3;i++) {
const c=await spawn(['perl','-e','my @a; for (1..200) { push @a, "x" x 1048576; } print "filled\n"'],{...o,memory:'32M',name:'mem'+i});
const t=setTimeout(()=>{ for (const d of ['','/payload']) for (const f of ['memory.events','memory.current','memory.max','memory.oom.group','cgroup.procs','memory.stat','cgroup.events']) {try{console.log(d,f,fs.readFileSync('/sys/fs/cgroup/corral/mem'+i+d+'/'+f,'utf8').split('\n').slice(0,8).join(' '))}catch(e){}}
 for (const p of fs.readFileSync('/sys/fs/cgroup/corral/mem'+i+'/payload/cgroup.procs','utf8').trim().split('\n')) for (const f of ['status','wchan','stack','stat']) try{console.log(p,f,fs.readFileSync('/proc/'+p+'/'+f,'utf8').split('\n').slice(0,12).join(' | '))}catch(e){console.log(e.message)}
 c.kill();},15000);
const r=await c.exited; clearTimeout(t); console.log(r.exitCode,r.signal,r.oomKilled,r.usage, r.durationMs);
}
